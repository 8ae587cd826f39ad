// Part of the binding of tfjs-node, which is compiled with three functions of TensorFlow named as those below. It remembers the context, which
// the binding keeps to itself, and runs programs whose signature is known in the thread that calls them. TensorFlow runs a function that is
// executed by its name in another thread and waits for it, which takes longer than most operations take to be handed to a GPU. Where it is
// called by the operation PartitionedCall, in a context that runs operations as functions, it runs where it is called.
#undef TFE_NewContext
#undef TFE_NewOp
#undef TFE_Execute
#include <cstring>

#include "programs.h"
#include "tensorflow/c/eager/c_api_experimental.h"

namespace {

thread_local PromptweaveState state;

const char kCall[] = "PartitionedCall";

}  // namespace

extern "C" {
__attribute__((visibility("default"))) PromptweaveState* promptweave_state() { return &state; }

TFE_Context* promptweave_new_context(const TFE_ContextOptions* options, TF_Status* status) {
  return state.context = TFE_NewContext(options, status);
}

TFE_Op* promptweave_new_op(TFE_Context* context, const char* name, TF_Status* status) {
  const auto found = state.signatures.find(name);
  if (found == state.signatures.end()) return TFE_NewOp(context, name, status);
  const auto& [inputs, outputs] = found->second;
  TFE_Op* call = TFE_NewOp(context, kCall, status);
  if (TF_GetCode(status) != TF_OK) return call;
  TFE_OpSetAttrFunctionName(call, "f", name, std::strlen(name));
  TFE_OpSetAttrTypeList(call, "Tin", inputs.data(), static_cast<int>(inputs.size()));
  TFE_OpSetAttrTypeList(call, "Tout", outputs.data(), static_cast<int>(outputs.size()));
  return call;
}

void promptweave_execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  const char* name = TFE_OpGetName(op, status);
  if (TF_GetCode(status) != TF_OK) return;
  if (std::strcmp(name, kCall) != 0) return TFE_Execute(op, outputs, count, status);
  TFE_ContextSetRunEagerOpAsFunction(state.context, 1, status);
  TFE_Execute(op, outputs, count, status);
  TF_Status* after = TF_NewStatus();
  TFE_ContextSetRunEagerOpAsFunction(state.context, 0, after);
  TF_DeleteStatus(after);
}
}
