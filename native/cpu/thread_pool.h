// A solve's own workers. Creating a thread costs as much as an iteration, so they live as long as the solve.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dinf {

class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  int threads() const { return static_cast<int>(workers_.size()) + 1; }
  // Calls work(i, thread) for i in [0, count), in any order, and returns when all are done. Results may not depend on
  // which thread ran what: callers give every i its own memory. What a call throws is thrown again here.
  void parallelFor(int64_t count, const std::function<void(int64_t, int)>& work);
  // Calls f(at, n) for the pieces of `count` that are kChunk long, the last one shorter.
  static constexpr int64_t kChunk = 16384;  // values: 64 KB in float, a few in the second-level cache
  template <class F>
  void chunks(int64_t count, F f) {
    parallelFor((count + kChunk - 1) / kChunk, [&](int64_t i, int) { f(i * kChunk, std::min(kChunk, count - i * kChunk)); });
  }

 private:
  void serve(int thread);
  void drain(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int64_t> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false};
  int64_t count_ = 0;
  const std::function<void(int64_t, int)>* work_ = nullptr;
  std::exception_ptr failure_;  // the first of a loop; written under the mutex
};

}  // namespace dinf
