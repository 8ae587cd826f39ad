// Keeps signals away from the threads that compute. The matrix products of oneDNN use the stack pointer as one more register, which then
// points into the heap: a handler that interrupts one (Ctrl-C, a terminal of another size, a child process that has ended) gets its stack
// there, and overwrites what lies there. So signals go to a thread that does nothing else; Node's own handlers only write into a pipe,
// and any thread will do.
#include <node_api.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void* wait_for_signals(void*) {
  for (;;) pause();
}

// Starts with the mask of a thread that takes all signals.
static bool start_taker() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, wait_for_signals, nullptr) != 0) return false;
  pthread_detach(thread);
  return true;
}

// What a thread causes itself stays with it, and so does the signal with which V8 looks into it (node --cpu-prof): that one has a stack of its own.
static constexpr int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE, SIGPROF};

static bool give_stack() {
  stack_t stack{};
  stack.ss_size = 1 << 17; // more than all registers of any processor take
  stack.ss_sp = malloc(stack.ss_size); // for as long as there is the thread
  return stack.ss_sp != nullptr && sigaltstack(&stack, nullptr) == 0;
}

// For the calling thread and all that it starts from now on, TensorFlow's among them. Returns whether that has worked.
static napi_value keep_away(napi_env env, napi_callback_info) {
  static const bool is_taken = start_taker();
  sigset_t away;
  sigfillset(&away);
  for (const int signal : own) sigdelset(&away, signal);
  napi_value done;
  napi_get_boolean(env, is_taken && give_stack() && pthread_sigmask(SIG_BLOCK, &away, nullptr) == 0, &done);
  return done;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "keepAway", NAPI_AUTO_LENGTH, keep_away, nullptr, &function);
  napi_set_named_property(env, exports, "keepAway", function);
  return exports;
}
