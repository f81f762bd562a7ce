#include "cpu/thread_pool.h"
#include <thread>
#include <utility>

namespace dinf {
namespace {
// An iteration is a dozen short phases; a worker that sleeps between them loses more than it computes. About 20 us.
constexpr int kSpins = 400;
inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
}  // namespace

void ThreadPool::recruit() {
  workers_ = WorkerReserve::shared().borrow(threads_ - 1);
  stop_ = false;
  recruited_ = generation_.load(std::memory_order_relaxed);
  // So little is captured that a std::function takes no memory for it, and cannot fail.
  for (size_t i = 0; i < workers_.size(); ++i) workers_[i]->start([this, thread = static_cast<int>(i) + 1] { serve(thread); });
}

void ThreadPool::rest() noexcept {
  if (workers_.empty()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (const auto& worker : workers_) worker->wait();
  WorkerReserve::shared().giveBack(std::move(workers_));
  workers_.clear();
}

void ThreadPool::drain(int thread) {
  try {
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) (*work_)(i, thread);
  } catch (...) {  // out of memory, most likely: the caller's to see, once nobody works any more
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    next_.store(count_, std::memory_order_relaxed);
  }
}

void ThreadPool::parallelFor(int64_t count, const std::function<void(int64_t, int)>& work) {
  if (count <= 0) return;
  if (workers_.empty() && threads_ > 1 && count > 1) recruit();
  if (workers_.empty() || count == 1) {
    for (int64_t i = 0; i < count; ++i) work(i, 0);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    count_ = count;
    work_ = &work;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  drain(0);
  for (int spin = 0; busy_.load(std::memory_order_acquire) > 0; ++spin) {
    if (spin < kSpins) pause();
    else std::this_thread::yield();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadPool::serve(int thread) {
  uint64_t seen = recruited_;
  for (;;) {
    for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen; ++spin) pause();
    if (generation_.load(std::memory_order_acquire) == seen) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
    }
    seen = generation_.load(std::memory_order_acquire);
    if (stop_) return;
    drain(thread);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace dinf
