// What promptweave asks of an NVIDIA GPU besides computing: whether a library opens, what the driver says, which GPUs there are, and whether
// TensorFlow may round to TF32. Everything is looked up when it is asked for, so that this loads on a machine without a driver.
#include <dlfcn.h>
#include <node_api.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace {

napi_value text(napi_env env, const std::string& value) {
  napi_value result;
  napi_create_string_utf8(env, value.c_str(), value.size(), &result);
  return result;
}

napi_value nothing(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void set(napi_env env, napi_value object, const char* name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  set(env, object, name, value);
}

napi_value argument(napi_env env, napi_callback_info info, size_t index) {
  napi_value values[2] = {nullptr, nullptr};
  size_t count = 2;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  return values[index];
}

std::string textArgument(napi_env env, napi_callback_info info) {
  char buffer[4096];
  size_t length = 0;
  napi_get_value_string_utf8(env, argument(env, info, 0), buffer, sizeof buffer, &length);
  return std::string(buffer, length);
}

template <typename... Arguments>
int call(void* library, const char* name, Arguments... arguments) {
  const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name));
  return function ? function(arguments...) : -1;
}

// open(library): the linker's message where it cannot be opened. It stays open, and whoever asks for it by its name alone gets it.
napi_value open(napi_env env, napi_callback_info info) {
  return dlopen(textArgument(env, info).c_str(), RTLD_NOW) ? nothing(env) : text(env, dlerror());
}

// driverError(): what the driver says when it begins to work; undefined where it works.
napi_value driverError(napi_env env, napi_callback_info) {
  void* cuda = dlopen("libcuda.so.1", RTLD_NOW);
  if (!cuda) return text(env, dlerror());
  const int code = call(cuda, "cuInit", 0u);
  if (code == 0) return nothing(env);
  const char *name = nullptr, *words = nullptr;
  call(cuda, "cuGetErrorName", code, &name);
  call(cuda, "cuGetErrorString", code, &words);
  return text(env, std::string(name ? name : std::to_string(code)) + (words ? std::string(": ") + words : ""));
}

// firstGpu(): the UUID of the first GPU that this process sees, without the kind before it (GPU-, MIG-).
napi_value firstGpu(napi_env env, napi_callback_info) {
  void* cuda = dlopen("libcuda.so.1", RTLD_NOW);
  int device = 0;
  unsigned char id[16];
  if (!cuda || call(cuda, "cuInit", 0u) != 0 || call(cuda, "cuDeviceGet", &device, 0) != 0) return nothing(env);
  if (call(cuda, "cuDeviceGetUuid_v2", id, device) != 0 && call(cuda, "cuDeviceGetUuid", id, device) != 0) return nothing(env);
  char written[40];
  char* end = written;
  for (int i = 0; i < 16; i++) end += snprintf(end, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
  return text(env, written);
}

// One GPU as NVML knows it; bytes. Of memory that is reserved for the driver nothing is told.
napi_value described(napi_env env, void* nvml, void* handle) {
  struct {
    unsigned long long total, free, used;
  } memory = {0, 0, 0};
  char name[96] = "", uuid[96] = "";
  call(nvml, "nvmlDeviceGetName", handle, name, static_cast<unsigned>(sizeof name));
  call(nvml, "nvmlDeviceGetUUID", handle, uuid, static_cast<unsigned>(sizeof uuid));
  call(nvml, "nvmlDeviceGetMemoryInfo", handle, &memory);
  napi_value gpu;
  napi_create_object(env, &gpu);
  set(env, gpu, "name", text(env, name));
  set(env, gpu, "uuid", text(env, uuid));
  set(env, gpu, "total", static_cast<double>(memory.total));
  set(env, gpu, "free", static_cast<double>(memory.free));
  return gpu;
}

// gpus(): { driver, gpus } of NVML; undefined where there is no NVML.
napi_value gpus(napi_env env, napi_callback_info) {
  void* nvml = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (!nvml || call(nvml, "nvmlInit_v2") != 0) return nothing(env);
  char driver[96] = "";
  unsigned count = 0;
  call(nvml, "nvmlSystemGetDriverVersion", driver, static_cast<unsigned>(sizeof driver));
  call(nvml, "nvmlDeviceGetCount_v2", &count);
  napi_value report, list;
  napi_create_object(env, &report);
  napi_create_array(env, &list);
  for (unsigned index = 0, found = 0; index < count; index++) {
    void* handle = nullptr;
    if (call(nvml, "nvmlDeviceGetHandleByIndex_v2", index, &handle) == 0) napi_set_element(env, list, found++, described(env, nvml, handle));
  }
  set(env, report, "driver", text(env, driver));
  set(env, report, "gpus", list);
  call(nvml, "nvmlShutdown");
  return report;
}

// gpu(uuid): the GPU, or part of one (MIG), of this UUID; undefined where there is none.
napi_value gpu(napi_env env, napi_callback_info info) {
  void* nvml = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (!nvml || call(nvml, "nvmlInit_v2") != 0) return nothing(env);
  void* handle = nullptr;
  const std::string uuid = textArgument(env, info);
  const bool found = call(nvml, "nvmlDeviceGetHandleByUUID", uuid.c_str(), &handle) == 0;
  const napi_value result = found ? described(env, nvml, handle) : nothing(env);
  call(nvml, "nvmlShutdown");
  return result;
}

// allowTensorFloat32(library, on): TensorFlow's own switch. False where the library has none.
napi_value allowTensorFloat32(napi_env env, napi_callback_info info) {
  bool on = false;
  napi_get_value_bool(env, argument(env, info, 1), &on);
  void* library = dlopen(textArgument(env, info).c_str(), RTLD_NOW | RTLD_NOLOAD);
  void (*change)(bool) = nullptr;
  for (const char* name : {"_ZN3tsl32enable_tensor_float_32_executionEb", "_ZN10tensorflow32enable_tensor_float_32_executionEb"}) {
    if (library && !change) change = reinterpret_cast<void (*)(bool)>(dlsym(library, name));
  }
  if (change) change(on);
  napi_value result;
  napi_get_boolean(env, change != nullptr, &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto function = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name, nullptr, callback, nullptr, nullptr, nullptr, napi_default, nullptr};
  };
  const napi_property_descriptor functions[] = {function("open", open),         function("driverError", driverError),
                                                function("firstGpu", firstGpu), function("gpus", gpus),
                                                function("gpu", gpu),           function("allowTensorFloat32", allowTensorFloat32)};
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
