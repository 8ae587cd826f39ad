// Divides rows among threads. TensorFlow's own cannot be reached through its C API; these sleep between passes.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

class Workers {
 public:
  using Work = std::function<void(int64_t begin, int64_t end)>;

  // Has all rows worked on; by the calling thread alone where they are few bytes.
  static void divide(int64_t rows, int64_t bytes, const Work& work) {
    static Workers& workers = *new Workers();  // never destroyed: its threads end with the process
    std::unique_lock<std::mutex> turn(workers.turn_, std::defer_lock);
    if (bytes < 1'000'000 || workers.others_ == 0 || !turn.try_lock()) return work(0, rows);
    workers.share(rows, work);
  }

 private:
  Workers() : others_(threads() - 1) {
    for (unsigned i = 0; i < others_; i++) std::thread([this] { serve(); }).detach();
  }

  // As many as TensorFlow uses, but 16 at most: passes are bound by memory, which a few cores use up.
  static unsigned threads() {
    const char* set = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = set ? std::atoi(set) : 0;
    return std::min(std::max(wanted > 0 ? wanted : static_cast<int>(std::thread::hardware_concurrency()), 1), 16);
  }

  void share(int64_t rows, const Work& work) {
    std::unique_lock<std::mutex> lock(state_);
    work_ = &work;
    rows_ = rows;
    step_ = std::max<int64_t>(1, rows / (4 * (others_ + 1)));
    next_ = 0;
    round_++;
    open_ = true;
    lock.unlock();
    wake_.notify_all();
    take();
    lock.lock();
    open_ = false;  // who wakes only now finds nothing to do, and is not waited for
    idle_.wait(lock, [this] { return active_ == 0; });
  }

  void serve() {
    std::unique_lock<std::mutex> lock(state_);
    for (uint64_t seen = 0;;) {
      wake_.wait(lock, [&] { return open_ && round_ != seen; });
      seen = round_;
      active_++;
      lock.unlock();
      take();
      lock.lock();
      if (--active_ == 0) idle_.notify_one();
    }
  }

  void take() {
    for (int64_t begin; (begin = next_.fetch_add(step_)) < rows_;) (*work_)(begin, std::min(begin + step_, rows_));
  }

  const unsigned others_;  // threads besides the calling one
  std::mutex turn_, state_;
  std::condition_variable wake_, idle_;
  const Work* work_ = nullptr;
  int64_t rows_ = 0, step_ = 1;
  std::atomic<int64_t> next_{0};
  uint64_t round_ = 0;
  unsigned active_ = 0;
  bool open_ = false;
};
