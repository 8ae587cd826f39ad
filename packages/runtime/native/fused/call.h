// What an operation is written with: its call, and passes compiled for the instructions of several CPUs.
#pragma once
#include <tensorflow/c/tf_tensor.h>

#include <functional>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "workers.h"

// Of tensorflow/c/kernels.h, which includes headers that differ from version to version.
extern "C" {
struct TF_OpKernelContext;
struct TF_OpKernelConstruction;
struct TF_KernelBuilder;
TF_KernelBuilder* TF_NewKernelBuilder(const char* operation, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder*, TF_Status*);
int TF_NumInputs(TF_OpKernelContext*);
void TF_GetInput(TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int index, TF_DataType, const int64_t* dims, int count, size_t bytes, TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction*, const char* name, int32_t*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32List(TF_OpKernelConstruction*, const char* name, int32_t*, int count, TF_Status*);
void TF_OpKernelConstruction_GetAttrSize(TF_OpKernelConstruction*, const char* name, int32_t* list, int32_t* total, TF_Status*);
}

using Shape = std::vector<int64_t>;

inline int64_t size_of(const Shape& shape) { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>()); }

// A pass compiled for the instructions of several CPUs.
template <class Pass>
struct Compiled {
#if defined(__x86_64__)
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))) static void avx512(const Pass& pass, int64_t begin, int64_t end) {
    pass.rows(begin, end);
  }
  __attribute__((target("avx2,fma"))) static void avx2(const Pass& pass, int64_t begin, int64_t end) { pass.rows(begin, end); }
#endif
  static void any(const Pass& pass, int64_t begin, int64_t end) { pass.rows(begin, end); }

  static auto best() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2;
#endif
    return any;
  }
};

// One call of an operation: its inputs and outputs.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()), inputs_(TF_NumInputs(context)) {
    for (int i = 0; i < count(); i++) TF_GetInput(context, i, &inputs_[i], status_);
  }

  ~Call() {
    for (TF_Tensor* tensor : inputs_) TF_DeleteTensor(tensor);
    for (TF_Tensor* tensor : outputs_) TF_DeleteTensor(tensor);
    if (!ready()) TF_OpKernelContext_Failure(context_, status_);
    TF_DeleteStatus(status_);
  }

  bool ready() const { return TF_GetCode(status_) == TF_OK; }
  int count() const { return static_cast<int>(inputs_.size()); }

  Shape shape(int i) const {
    Shape shape;
    for (int d = 0; d < TF_NumDims(inputs_[i]); d++) shape.push_back(TF_Dim(inputs_[i], d));
    return shape;
  }

  // The numbers of an input that must be `size`; null where there is no such input.
  template <class Number = float>
  const Number* input(int i, int64_t size) {
    if (i >= count()) return nullptr;
    require(size_of(shape(i)) == size, "input " + std::to_string(i) + " has not " + std::to_string(size) + " numbers");
    return static_cast<const Number*>(TF_TensorData(inputs_[i]));
  }
  const float* input(int i) { return input(i, size_of(shape(i))); }

  const int32_t* integers(int i, int64_t size) {
    require(TF_TensorType(inputs_[i]) == TF_INT32, "input " + std::to_string(i) + " is not of integers");
    return reinterpret_cast<const int32_t*>(input(i, size));
  }

  template <class Number = float>
  Number* output(int i, const Shape& shape) {
    static_assert(sizeof(Number) == 4, "float32 or int32");
    constexpr TF_DataType type = std::is_same_v<Number, float> ? TF_FLOAT : TF_INT32;
    const size_t bytes = size_of(shape) * sizeof(Number);
    if (!ready()) return nullptr;
    TF_Tensor* tensor = TF_AllocateOutput(context_, i, type, shape.data(), static_cast<int>(shape.size()), bytes, status_);
    if (!tensor) return nullptr;
    outputs_.push_back(tensor);
    return static_cast<Number*>(TF_TensorData(tensor));
  }

  void require(bool holds, const std::string& message) {
    if (!holds && ready()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message.c_str());
  }

  template <class Pass>
  void run(const Pass& pass, int64_t rows, int64_t bytes) {
    static const auto best = Compiled<Pass>::best();
    if (ready()) Workers::divide(rows, bytes, [&](int64_t begin, int64_t end) { best(pass, begin, end); });
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> inputs_, outputs_;
};

// The inputs' common shape as rows: all of it but the last dimension, and that.
struct Rows {
  explicit Rows(const Shape& shape)
      : shape(shape), size(size_of(shape)), width(shape.empty() ? 1 : shape.back()), rows(width ? size / width : 0) {}
  const Shape shape;
  const int64_t size, width, rows;
};

// Attributes of an operation.
inline int32_t integer(TF_OpKernelConstruction* construction, const char* name, TF_Status* status) {
  int32_t value = 0;
  TF_OpKernelConstruction_GetAttrInt32(construction, name, &value, status);
  return value;
}

inline std::vector<int32_t> integers(TF_OpKernelConstruction* construction, const char* name, TF_Status* status) {
  int32_t size = 0, total = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, name, &size, &total, status);
  std::vector<int32_t> values(std::max(size, 0));
  TF_OpKernelConstruction_GetAttrInt32List(construction, name, values.data(), size, status);
  return values;
}
