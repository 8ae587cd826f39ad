// Part of the binding of tfjs-node, which keeps its TensorFlow context to itself: this remembers it for programs.cc. The binding is compiled
// with TFE_NewContext named as the function below.
#undef TFE_NewContext
#include "tensorflow/c/eager/c_api.h"

extern "C" {
__attribute__((visibility("default"))) TFE_Context* promptweave_context = nullptr;

TFE_Context* promptweave_new_context(const TFE_ContextOptions* options, TF_Status* status) {
  return promptweave_context = TFE_NewContext(options, status);
}
}
