// Silences standard error while libtensorflow is loaded: since 2.20 its libraries print two lines of information from their
// static constructors, before any setting of theirs can say otherwise. What goes wrong in loading is thrown, not printed.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static int saved = -1;

static napi_value silence(napi_env, napi_callback_info) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved < 0 && nowhere >= 0) {
    saved = fcntl(2, F_DUPFD_CLOEXEC, 3);
    if (saved >= 0) dup2(nowhere, 2);
  }
  if (nowhere >= 0) close(nowhere);
  return nullptr;
}

static napi_value restore(napi_env, napi_callback_info) {
  if (saved >= 0) {
    dup2(saved, 2);
    close(saved);
    saved = -1;
  }
  return nullptr;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"silence", nullptr, silence, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"restore", nullptr, restore, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
