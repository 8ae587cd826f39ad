// The calls of the operations on bfloat16.
#pragma once
#include "attention.h"
#include "bfloat16.h"
#include "call.h"
#include "mlp.h"

namespace {

struct WeightAttributes {
  WeightAttributes(TF_OpKernelConstruction* c, TF_Status* s)
      : rows(integer(c, "rows", s)), columns(integer(c, "columns", s)), transposed(integer(c, "transposed", s) != 0) {}
  const int64_t rows, columns;
  const bool transposed;
};

// Words of 32 bits, two numbers each, of a packed weight.
int64_t words(int64_t rows, int64_t columns) { return blocks(rows) * blocks(columns) * BLOCK * BLOCK / 2; }

#ifdef PROMPTWEAVE_BFLOAT16
Factor factor(const int32_t* packed, int64_t rows, int64_t columns, bool transposed) {
  return {{reinterpret_cast<const Bf16*>(packed), rows, columns}, transposed};
}
#endif

void needs_bfloat16(Call& call) {
  call.require(bfloat16_unit() != Bfloat16Unit::none, "this CPU multiplies no bfloat16, or the compiler of these operations knew no such instructions");
}

// A weight [K, N] in bfloat16, as pairs in numbers of 32 bits.
void pack_weight(void*, TF_OpKernelContext* context) {
  Call call(context);
  needs_bfloat16(call);
  const Shape shape = call.shape(0);
  call.require(shape.size() == 2, "a weight has two dimensions");
  if (!call.ready()) return;
#ifdef PROMPTWEAVE_BFLOAT16
  int32_t* packed = call.output<int32_t>(0, {words(shape[0], shape[1])});
  const PackWeight pack{call.input(0), shape[0], shape[1], reinterpret_cast<Bf16*>(packed)};
  if (packed) Workers::divide(2 * blocks(shape[1]), 6 * size_of(shape), pack);
#endif
}

void unpack_weight(void* attributes, TF_OpKernelContext* context) {
  const auto& a = *static_cast<WeightAttributes*>(attributes);
  Call call(context);
  const int32_t* packed = call.input<int32_t>(0, words(a.rows, a.columns));
  float* weight = call.output(0, {a.rows, a.columns});
  if (call.ready()) unpack(reinterpret_cast<const uint16_t*>(packed), a.rows, a.columns, weight);
}

// x · W, or x · Wᵀ, of a packed W.
void bfloat16_product(void* attributes, TF_OpKernelContext* context) {
  const auto& a = *static_cast<WeightAttributes*>(attributes);
  Call call(context);
  needs_bfloat16(call);
  const Rows x(call.shape(0));
  call.require(x.width == (a.transposed ? a.columns : a.rows), "the rows do not fit the weight");
  const int32_t* packed = call.input<int32_t>(1, words(a.rows, a.columns));
  float* y = call.output(0, {x.rows, a.transposed ? a.rows : a.columns});
  if (!call.ready()) return;
#ifdef PROMPTWEAVE_BFLOAT16
  product(call.input(0), x.rows, factor(packed, a.rows, a.columns, a.transposed), y);
#endif
}

struct MlpAttributes {
  MlpAttributes(TF_OpKernelConstruction* c, TF_Status* s) : width(integer(c, "width", s)), hidden(integer(c, "hidden", s)) {}
  const int64_t width, hidden;
};

// SiLU(x · up + bias) · down; inputs x, up, bias and down.
template <bool with_slope>
void bfloat16_mlp(void* attributes, TF_OpKernelContext* context) {
  const auto& [width, hidden] = *static_cast<MlpAttributes*>(attributes);
  Call call(context);
  needs_bfloat16(call);
  const Rows x(call.shape(0));
  call.require(x.width == width, "the rows do not fit the weight");
  const int32_t *up = call.input<int32_t>(1, words(width, hidden)), *down = call.input<int32_t>(3, words(hidden, width));
  const float* bias = call.input(2, hidden);
  float* y = call.output(0, x.shape);
  float* slope = with_slope ? call.output(1, {x.rows, hidden}) : nullptr;
  if (!call.ready()) return;
#ifdef PROMPTWEAVE_BFLOAT16
  const auto between = [&](const HiddenBlock& block) { return HiddenForward{bias, slope, block}; };
  mlp(call.input(0), x.rows, factor(up, width, hidden, false), factor(down, hidden, width, false), between, y);
#endif
}

// Its gradient; inputs that of its rows, the slope, up and down.
void bfloat16_mlp_backward(void* attributes, TF_OpKernelContext* context) {
  const auto& [width, hidden] = *static_cast<MlpAttributes*>(attributes);
  Call call(context);
  needs_bfloat16(call);
  const Rows d(call.shape(0));
  call.require(d.width == width, "the rows do not fit the weight");
  const float* slope = call.input(1, d.rows * hidden);
  const int32_t *up = call.input<int32_t>(2, words(width, hidden)), *down = call.input<int32_t>(3, words(hidden, width));
  float* dx = call.output(0, d.shape);
  if (!call.ready()) return;
#ifdef PROMPTWEAVE_BFLOAT16
  const auto between = [&](const HiddenBlock& block) { return HiddenBackward{slope, block}; };
  mlp(call.input(0), d.rows, factor(down, hidden, width, true), factor(up, width, hidden, true), between, dx);
#endif
}

// Queries [H, C, Lq, d] and their keys [H, C, Lk, d].
void require_keys(Call& call, const Shape& q, const Shape& k) {
  call.require(q.size() == 4 && k.size() == 4 && q[0] == k[0] && q[1] == k[1] && q[3] == k[3], "keys do not fit the queries");
}

// Inputs queries, keys, values and a mask.
void bfloat16_attention(void*, TF_OpKernelContext* context) {
  Call call(context);
  needs_bfloat16(call);
  const Shape q = call.shape(0), k = call.shape(1);
  require_keys(call, q, k);
  if (!call.ready()) return;
  const Rows mask(call.count() > 3 ? call.shape(3) : Shape{q[2], k[2]});
  call.require(mask.rows > 0 && mask.width == k[2] && mask.rows % q[2] == 0 && q[0] * q[1] * q[2] % mask.rows == 0, "the mask does not fit the scores");
#ifdef PROMPTWEAVE_BFLOAT16
  const Attention pass{{q[2], k[2], q[3]},
                       call.input(0),
                       call.input(1),
                       call.input(2, size_of(k)),
                       call.input(3, mask.size),
                       call.output(0, {q[0], q[1], q[2], k[2]}),
                       call.output(1, q),
                       mask.rows};
  if (call.ready()) Workers::divide(q[0] * q[1], 4 * q[0] * q[1] * pass.of.scores(), pass);
#endif
}

// Inputs the gradient of what is mixed, the weights, queries, keys and values.
void bfloat16_attention_backward(void*, TF_OpKernelContext* context) {
  Call call(context);
  needs_bfloat16(call);
  const Shape q = call.shape(2), k = call.shape(3);
  require_keys(call, q, k);
  if (!call.ready()) return;
#ifdef PROMPTWEAVE_BFLOAT16
  const AttentionShape of{q[2], k[2], q[3]};
  const AttentionBackward pass{of,
                               call.input(0, size_of(q)),
                               call.input(1, q[0] * q[1] * of.scores()),
                               call.input(2),
                               call.input(3),
                               call.input(4, size_of(k)),
                               call.output(0, q),
                               call.output(1, k),
                               call.output(2, k)};
  if (call.ready()) Workers::divide(q[0] * q[1], 8 * q[0] * q[1] * of.scores(), pass);
#endif
}

}  // namespace
