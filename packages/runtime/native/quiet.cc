// Silences standard error while libtensorflow is loaded: since 2.20 its libraries print two lines of information from their
// static constructors, before any setting of theirs can say otherwise. What goes wrong in loading is thrown, not printed. On Linux it can also be
// loaded beside what the program does.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>
#ifdef __linux__
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <string>
#endif

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

#ifdef __linux__
// With descriptors of its own, so that what the rest of the process prints meanwhile is seen; without signals, see signals.cc.
static void* load(void* argument) {
  const auto* library = static_cast<std::string*>(argument);
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  const int nowhere = unshare(CLONE_FILES) == 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
  // It stays loaded. Whoever loads it next says what is wrong.
  if (nowhere >= 0 && dup2(nowhere, 2) == 2) dlopen(library->c_str(), RTLD_LAZY | RTLD_LOCAL);
  delete library;
  return nullptr;
}

static pthread_t loader;
static bool is_loading = false;

// Loads a library in a thread of its own; whoever needs it before it is there waits for it.
static napi_value load_beside(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value path;
  napi_get_cb_info(env, info, &count, &path, nullptr, nullptr);
  if (is_loading || napi_get_value_string_utf8(env, path, nullptr, 0, &length) != napi_ok) return nullptr;
  auto* library = new std::string(length, '\0');
  napi_get_value_string_utf8(env, path, library->data(), length + 1, &length);
  is_loading = pthread_create(&loader, nullptr, load, library) == 0;
  if (!is_loading) delete library;
  return nullptr;
}

// Before the process ends: the end of a library must not meet its beginning.
static napi_value await_loading(napi_env, napi_callback_info) {
  if (is_loading) pthread_join(loader, nullptr);
  is_loading = false;
  return nullptr;
}
#endif

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"silence", nullptr, silence, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"restore", nullptr, restore, nullptr, nullptr, nullptr, napi_default, nullptr},
#ifdef __linux__
      {"loadBeside", nullptr, load_beside, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"awaitLoading", nullptr, await_loading, nullptr, nullptr, nullptr, napi_default, nullptr},
#endif
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
