// TensorFlow operations for the CPU, each a pass over memory of a transformer block with frozen weights (passes.h). They have no gradient:
// blocks call them in both directions. Written against TensorFlow's C API, one file runs with every version.
#include <node_api.h>
#include <tensorflow/c/ops.h>

#include <string>
#include <vector>

#include "bfloat16-operations.h"
#include "call.h"
#include "low-rank.h"
#include "passes.h"

namespace {

void add_product(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const AddProduct pass{call.input(0), call.input(1, r.size), call.input(2, r.width), call.output(0, r.shape), r.width};
  call.run(pass, r.rows, 12 * r.size);
}

void standardise(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const Standardise pass{call.input(0), call.output(0, r.shape), call.output(1, {r.rows, 1}), r.width};
  call.run(pass, r.rows, 8 * r.size);
}

void standardise_sum(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  float* total = call.output(2, r.shape);
  const AddProduct add{call.input(0), call.input(1, r.size), call.input(2, r.width), total, r.width};
  const Standardise standardise{total, call.output(0, r.shape), call.output(1, {r.rows, 1}), r.width};
  call.run(StandardiseSum{add, standardise}, r.rows, 16 * r.size);
}

void standardise_backward(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const StandardiseBackward pass{call.input(0),         call.input(1, r.size),   call.input(2, r.size),
                                 call.input(3, r.rows), call.output(0, r.shape), r.width};
  call.run(pass, r.rows, 16 * r.size);
}

template <bool with_slope>
void silu(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const Silu pass{call.input(0), call.input(1, r.width), call.output(0, r.shape), with_slope ? call.output(1, r.shape) : nullptr, r.width};
  call.run(pass, r.rows, 20 * r.size);
}

void softmax(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const Rows mask(call.shape(call.count() - 1));
  call.require(mask.rows > 0 && mask.width == r.width && r.rows % mask.rows == 0, "the mask does not fit the scores");
  const Softmax pass{call.input(0), call.count() > 1 ? call.input(1) : nullptr, call.output(0, r.shape), r.width, mask.rows};
  call.run(pass, r.rows, 20 * r.size);
}

void softmax_backward(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const SoftmaxBackward pass{call.input(0), call.input(1, r.size), call.output(0, r.shape), r.width};
  call.run(pass, r.rows, 12 * r.size);
}

struct SplitAttributes {
  SplitAttributes(TF_OpKernelConstruction* c, TF_Status* s)
      : start(integer(c, "start", s)),
        count(integer(c, "count", s)),
        length(integer(c, "length", s)),
        prefix(integer(c, "prefix", s)),
        heads(integer(c, "heads", s)),
        parts(integer(c, "parts", s)) {}
  const int32_t start, count, length, prefix, heads, parts;
};

// [N, parts · W] to `parts` tensors; the prefix stands before keys and values, the last two of several.
void split_heads(void* attributes, TF_OpKernelContext* context) {
  const auto& a = *static_cast<SplitAttributes*>(attributes);
  Call call(context);
  const Rows r(call.shape(0));
  const int64_t depth = r.width / std::max(a.parts * a.heads, 1);
  call.require(depth * a.parts * a.heads == r.width, "the width cannot be divided by parts and heads");
  call.require(a.start >= 0 && a.start + a.count * a.length <= r.rows && a.prefix <= r.rows, "there are fewer rows");
  for (int part = 0; part < a.parts; part++) {
    const int64_t prefix = a.parts > 1 && part >= a.parts - 2 ? a.prefix : 0;
    const Heads of{a.heads, a.count, a.length, prefix, depth, r.width, part * a.heads * depth, a.start};
    const Shape shape{a.heads, a.count, prefix + a.length, depth};
    call.run(SplitHeads{call.input(0), call.input(1, r.width), call.output(part, shape), of}, a.count, 8 * size_of(shape));
  }
}

struct MergeAttributes {
  MergeAttributes(TF_OpKernelConstruction* c, TF_Status* s)
      : rows(integer(c, "rows", s)), parts(integer(c, "parts", s)), starts(integers(c, "starts", s)), lengths(integers(c, "lengths", s)) {}
  const int32_t rows, parts;
  const std::vector<int32_t> starts, lengths;
};

// The reverse for all groups at once: their own rows first, then what is to be added to those of the prefix.
void merge_heads(void* attributes, TF_OpKernelContext* context) {
  const auto& a = *static_cast<MergeAttributes*>(attributes);
  Call call(context);
  const Shape first = call.shape(0);
  call.require(first.size() == 4 && a.parts > 0 && call.count() == static_cast<int>(a.starts.size()) * a.parts &&
                   a.starts.size() == a.lengths.size(),
               "not as many inputs as groups have parts");
  call.require(!a.starts.empty() && a.starts[0] >= 0 && a.starts[0] <= a.rows, "the first group begins outside of the rows");
  if (!call.ready()) return;
  const int64_t heads = first[0], depth = first[3], width = a.parts * heads * depth;
  float* packed = call.output(0, {a.rows, width});
  if (!packed) return;
  std::fill(packed, packed + a.starts[0] * width, 0.0f);
  std::vector<Heads> of;
  for (int i = 0; i < call.count(); i++) {
    const Shape shape = call.shape(i);
    const int64_t start = a.starts[i / a.parts], length = a.lengths[i / a.parts];
    call.require(shape.size() == 4 && shape[0] == heads && shape[3] == depth && start >= 0 && start + shape[1] * length <= a.rows &&
                     shape[2] >= length && shape[2] - length <= a.rows,
                 "input " + std::to_string(i) + " does not fit its group");
    if (!call.ready()) return;
    of.push_back({heads, shape[1], length, shape[2] - length, depth, width, i % a.parts * heads * depth, start});
    call.run(MergeOwn{call.input(i), packed, of[i]}, shape[1], 8 * size_of(shape));
  }
  for (int i = 0; i < call.count(); i++)
    call.run(MergePrefix{call.input(i), packed, of[i]}, heads, 8 * heads * of[i].count * of[i].prefix * depth);
}

struct DropoutAttributes {
  DropoutAttributes(TF_OpKernelConstruction* c, TF_Status* s) : limit(integer(c, "limit", s)) {}
  const int32_t limit;
};

struct BackwardAttributes {
  BackwardAttributes(TF_OpKernelConstruction* c, TF_Status* s) : dropout(c, s), follows(integer(c, "follows", s) != 0) {}
  const DropoutAttributes dropout;
  const bool follows;
};

// Inputs standard, scale, shift, down, ids, keys.
LowRankRows low_rank_rows(const DropoutAttributes& attributes, Call& call) {
  const Rows r(call.shape(0)), down(call.shape(3));
  const int64_t branches = size_of(call.shape(5));
  call.require(branches > 0 && down.rows % branches == 0 && down.width == r.width, "the branches do not fit the rows");
  call.require(attributes.limit >= 0 && attributes.limit < 65536, "all would be dropped");
  return {call.input(0),
          call.input(1, r.width),
          call.input(2, r.width),
          call.input(3),
          {call.integers(4, r.rows), call.integers(5, branches), attributes.limit},
          r.width,
          branches,
          branches > 0 ? down.rows / branches : 0};
}

void low_rank_down(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const LowRankRows of = low_rank_rows(*static_cast<DropoutAttributes*>(attributes), call);
  call.run(LowRankDown{of, call.output(0, {r.rows, of.branches * of.rank})}, r.rows, 8 * r.size);
}

// Inputs as above, then the gradients of low and of what the layer itself reads; the branches add to the latter unless they do not follow.
void low_rank_backward(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0));
  const auto& [dropout, follows] = *static_cast<BackwardAttributes*>(attributes);
  const LowRankRows of = low_rank_rows(dropout, call);
  const int64_t ranks = of.branches * of.rank, chunks = (r.rows + LowRankBackward::CHUNK - 1) / LowRankBackward::CHUNK;
  std::vector<float> sums(chunks * ranks * r.width);
  const LowRankDown forward{of, call.output(2, {r.rows, ranks})};
  const LowRankBackward pass{forward, call.input(6, r.rows * ranks), call.input(7, r.size), call.output(0, r.shape), sums.data(), r.rows, follows};
  call.run(pass, chunks, 16 * r.size);
  call.run(SumOfChunks{sums.data(), call.output(1, {ranks, r.width}), chunks, ranks * r.width, r.width}, ranks, 4 * sums.size());
}

void add_low_rank(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Rows r(call.shape(0)), up(call.shape(2));
  call.require(up.width == r.width, "the branches do not fit the rows");
  call.run(AddLowRank{call.input(0), call.input(1, r.rows * up.rows), call.input(2), call.output(0, r.shape), r.width, up.rows}, r.rows, 8 * r.size);
}

template <class Attributes>
void* create(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  auto* attributes = new Attributes(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

template <class Attributes>
void destroy(void* attributes) {
  delete static_cast<Attributes*>(attributes);
}

struct Operation {
  const char* name;
  std::vector<const char*> inputs, outputs;
  void (*compute)(void*, TF_OpKernelContext*);
  std::vector<const char*> attributes = {};
  void* (*create)(TF_OpKernelConstruction*) = nullptr;
  void (*destroy)(void*) = nullptr;
};

const Operation operations[] = {
    {"PromptweaveAddProduct", {"x: float", "product: float", "bias: float"}, {"total: float"}, add_product},
    {"PromptweaveStandardise", {"x: float"}, {"standard: float", "reciprocal: float"}, standardise},
    {"PromptweaveStandardiseSum",
     {"x: float", "product: float", "bias: float"},
     {"standard: float", "reciprocal: float", "total: float"},
     standardise_sum},
    {"PromptweaveStandardiseBackward",
     {"residual: float", "d: float", "standard: float", "reciprocal: float"},
     {"dx: float"},
     standardise_backward},
    {"PromptweaveSilu", {"product: float", "bias: float"}, {"value: float"}, silu<false>},
    {"PromptweaveSiluAndSlope", {"product: float", "bias: float"}, {"value: float", "slope: float"}, silu<true>},
    {"PromptweaveSoftmax", {"scores: float", "mask: masks * float"}, {"weights: float"}, softmax, {"masks: int >= 0"}},
    {"PromptweaveSoftmaxBackward", {"d: float", "weights: float"}, {"scores: float"}, softmax_backward},
    {"PromptweaveSplitHeads",
     {"packed: float", "bias: biases * float"},
     {"split: parts * float"},
     split_heads,
     {"biases: int >= 0", "start: int", "count: int", "length: int", "prefix: int", "heads: int", "parts: int >= 1"},
     create<SplitAttributes>,
     destroy<SplitAttributes>},
    {"PromptweaveMergeHeads",
     {"split: inputs * float"},
     {"packed: float"},
     merge_heads,
     {"inputs: int >= 1", "rows: int", "parts: int", "starts: list(int)", "lengths: list(int)"},
     create<MergeAttributes>,
     destroy<MergeAttributes>},
    {"PromptweaveLowRankDown",
     {"standard: float", "scale: float", "shift: float", "down: float", "ids: int32", "keys: int32"},
     {"low: float"},
     low_rank_down,
     {"limit: int"},
     create<DropoutAttributes>,
     destroy<DropoutAttributes>},
    {"PromptweaveLowRankBackward",
     {"standard: float", "scale: float", "shift: float", "down: float", "ids: int32", "keys: int32", "d_low: float", "d_layer: float"},
     {"d: float", "d_down: float", "low: float"},
     low_rank_backward,
     {"limit: int", "follows: int"},
     create<BackwardAttributes>,
     destroy<BackwardAttributes>},
    {"PromptweaveAddLowRank", {"y: float", "low: float", "up: float"}, {"total: float"}, add_low_rank},
    {"PromptweavePackWeight", {"weight: float"}, {"packed: int32"}, pack_weight},
    {"PromptweaveUnpackWeight",
     {"packed: int32"},
     {"weight: float"},
     unpack_weight,
     {"rows: int", "columns: int", "transposed: int"},
     create<WeightAttributes>,
     destroy<WeightAttributes>},
    {"PromptweaveBfloat16Product",
     {"x: float", "packed: int32"},
     {"product: float"},
     bfloat16_product,
     {"rows: int", "columns: int", "transposed: int"},
     create<WeightAttributes>,
     destroy<WeightAttributes>},
    {"PromptweaveBfloat16Mlp",
     {"x: float", "up: int32", "bias: float", "down: int32"},
     {"product: float"},
     bfloat16_mlp<false>,
     {"width: int", "hidden: int"},
     create<MlpAttributes>,
     destroy<MlpAttributes>},
    {"PromptweaveBfloat16MlpAndSlope",
     {"x: float", "up: int32", "bias: float", "down: int32"},
     {"product: float", "slope: float"},
     bfloat16_mlp<true>,
     {"width: int", "hidden: int"},
     create<MlpAttributes>,
     destroy<MlpAttributes>},
    {"PromptweaveBfloat16MlpBackward",
     {"d: float", "slope: float", "up: int32", "down: int32"},
     {"dx: float"},
     bfloat16_mlp_backward,
     {"width: int", "hidden: int"},
     create<MlpAttributes>,
     destroy<MlpAttributes>},
    {"PromptweaveBfloat16Attention",
     {"q: float", "k: float", "v: float", "mask: masks * float"},
     {"weights: float", "mixed: float"},
     bfloat16_attention,
     {"masks: int >= 0"}},
    {"PromptweaveBfloat16AttentionBackward",
     {"d: float", "weights: float", "q: float", "k: float", "v: float"},
     {"dq: float", "dk: float", "dv: float"},
     bfloat16_attention_backward},
};

void register_operation(const Operation& operation, TF_Status* status) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) != TF_OK) return;
  auto* kernel = TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy);
  TF_RegisterKernelBuilder(operation.name, kernel, status);
}

}  // namespace

NAPI_MODULE_INIT() {
  TF_Status* status = TF_NewStatus();
  for (const Operation& operation : operations) {
    if (TF_GetCode(status) == TF_OK) register_operation(operation, status);
  }
  if (TF_GetCode(status) != TF_OK) napi_throw_error(env, nullptr, TF_Message(status));
  TF_DeleteStatus(status);
  const Bfloat16Unit unit = bfloat16_unit();
  napi_value name;
  napi_create_string_utf8(env, unit == Bfloat16Unit::amx ? "amx_bf16" : unit == Bfloat16Unit::avx512 ? "avx512_bf16" : "", NAPI_AUTO_LENGTH, &name);
  napi_set_named_property(env, exports, "bfloat16", name);
  return exports;
}
