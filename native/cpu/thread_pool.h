// The workers of one CPU backend: borrowed from the process's reserve at the first loop that can use them, kept while it computes, since
// an iteration is a dozen short loops, and given back by `rest`.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>
#include "cpu/worker_reserve.h"

namespace dinf {

class ThreadPool {
 public:
  explicit ThreadPool(int threads) : threads_(std::max(1, threads)) {}
  ~ThreadPool() { rest(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  // At most that many work on a loop, the caller one of them.
  int threads() const { return threads_; }
  // Gives all workers back. No loop may be under way.
  void rest() noexcept;
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
  void recruit();
  void serve(int thread);
  void drain(int thread);

  const int threads_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  uint64_t recruited_ = 0;  // the generation before the first loop of these workers
  std::atomic<int64_t> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false};
  int64_t count_ = 0;
  const std::function<void(int64_t, int)>* work_ = nullptr;
  std::exception_ptr failure_;  // the first of a loop; written under the mutex
};

}  // namespace dinf
