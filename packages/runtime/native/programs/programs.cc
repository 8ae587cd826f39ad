// Makes TensorFlow functions of recorded operations, in the context of tfjs-node's binding, which then executes them by their names like
// any operation.
#include "programs.h"

#include <dlfcn.h>
#include <node_api.h>

#include "tensorflow/c/c_api.h"

namespace {

// One for each environment of Node (a thread may have one of its own), as the binding has.
PromptweaveState& state(napi_env env) {
  void* found = nullptr;
  napi_get_instance_data(env, &found);
  return *static_cast<PromptweaveState*>(found);
}

std::string text(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &length);
  std::string result(length + 1, '\0');
  napi_get_value_string_utf8(env, value, &result[0], result.size(), &length);
  result.resize(length);
  return result;
}

// The outputs "node:index" of a list.
bool outputs(napi_env env, TF_Graph* graph, napi_value list, std::vector<TF_Output>* found) {
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    napi_get_element(env, list, i, &element);
    const std::string name = text(env, element);
    const size_t colon = name.rfind(':');
    TF_Operation* operation = TF_GraphOperationByName(graph, name.substr(0, colon).c_str());
    if (!operation) return false;
    found->push_back({operation, std::stoi(name.substr(colon + 1))});
  }
  return true;
}

// Throws what the status says, and frees it.
napi_value finish(napi_env env, TF_Status* status) {
  if (TF_GetCode(status) != TF_OK) napi_throw_error(env, nullptr, TF_Message(status));
  TF_DeleteStatus(status);
  return nullptr;
}

// attach(path of the binding that this environment loaded, whether programs run in the thread that calls them)
napi_value attach(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* binding = dlopen(text(env, arguments[0]).c_str(), RTLD_NOW | RTLD_NOLOAD);
  void* address = binding ? dlsym(binding, "promptweave_state") : nullptr;
  PromptweaveState* found = address ? reinterpret_cast<PromptweaveState* (*)()>(address)() : nullptr;
  if (!found || !found->context) {
    napi_throw_error(env, nullptr, "The binding has no TensorFlow context.");
    return nullptr;
  }
  napi_get_value_bool(env, arguments[1], &found->runsHere);
  napi_set_instance_data(env, found, nullptr, nullptr);
  return nullptr;
}

// add(name, serialised GraphDef, inputs, outputs): both "node:index"
napi_value add(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* bytes = nullptr;
  size_t size = 0;
  napi_get_typedarray_info(env, arguments[1], nullptr, &size, &bytes, nullptr, nullptr);
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_Buffer* definition = TF_NewBufferFromString(bytes, size);
  TF_ImportGraphDefOptions* options = TF_NewImportGraphDefOptions();
  TF_GraphImportGraphDef(graph, definition, options, status);
  std::vector<TF_Output> given, made;
  if (TF_GetCode(status) == TF_OK && !(outputs(env, graph, arguments[2], &given) && outputs(env, graph, arguments[3], &made))) {
    TF_SetStatus(status, TF_INVALID_ARGUMENT, "an input or output is not in the graph");
  }
  if (TF_GetCode(status) == TF_OK) {
    const std::string name = text(env, arguments[0]);
    TF_Function* function =
        TF_GraphToFunction(graph, name.c_str(), 0, -1, nullptr, static_cast<int>(given.size()), given.data(),
                           static_cast<int>(made.size()), made.data(), nullptr, nullptr, nullptr, status);
    if (TF_GetCode(status) == TF_OK) TFE_ContextAddFunction(state(env).context, function, status);
    if (TF_GetCode(status) == TF_OK && state(env).runsHere) {
      Signature& signature = state(env).signatures[name];
      for (const TF_Output& input : given) signature.inputs.push_back(TF_OperationOutputType(input));
      for (const TF_Output& output : made) signature.outputs.push_back(TF_OperationOutputType(output));
    }
    if (function) TF_DeleteFunction(function);
  }
  TF_DeleteImportGraphDefOptions(options);
  TF_DeleteBuffer(definition);
  TF_DeleteGraph(graph);
  return finish(env, status);
}

// remove(names). What TensorFlow prepared for calls in this thread it keeps for all of them together; for those that stay it does so anew.
napi_value remove(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value names;
  napi_get_cb_info(env, info, &count, &names, nullptr, nullptr);
  uint32_t length = 0;
  napi_get_array_length(env, names, &length);
  TF_Status* status = TF_NewStatus();
  auto& [context, runsHere, signatures] = state(env);
  if (runsHere) TFE_ContextClearCaches(context);
  for (uint32_t i = 0; i < length && TF_GetCode(status) == TF_OK; i++) {
    napi_value element;
    napi_get_element(env, names, i, &element);
    const std::string name = text(env, element);
    signatures.erase(name);
    TFE_ContextRemoveFunction(context, name.c_str(), status);
  }
  return finish(env, status);
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto function = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name, nullptr, callback, nullptr, nullptr, nullptr, napi_default, nullptr};
  };
  const napi_property_descriptor functions[] = {function("attach", attach), function("add", add), function("remove", remove)};
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
