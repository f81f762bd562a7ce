#include "cpu/worker_reserve.h"
#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace dinf {

Worker::Worker() : thread_([this] { loop(); }) {}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    leaves_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::start(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    task_ = std::move(task);
    busy_ = true;
  }
  changed_.notify_all();
}

void Worker::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
}

void Worker::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || leaves_; });
    if (!busy_) return;
    lock.unlock();
    task_();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

WorkerReserve& WorkerReserve::shared() {
  // Never destroyed: a process may end while a solve on another thread gives its workers back.
  static auto* const reserve = new WorkerReserve;
  return *reserve;
}

std::vector<std::unique_ptr<Worker>> WorkerReserve::borrow(int count) {
  std::vector<std::unique_ptr<Worker>> workers;
  workers.reserve(static_cast<size_t>(std::max(0, count)));
  {
    std::lock_guard lock(mutex_);
    while (!idle_.empty() && static_cast<int>(workers.size()) < count) {
      workers.push_back(std::move(idle_.back()));
      idle_.pop_back();
    }
  }
  try {
    while (static_cast<int>(workers.size()) < count) workers.push_back(std::make_unique<Worker>());
  } catch (const std::system_error&) {  // the system's limit of threads, and of memory below: results do not depend on their number
  } catch (const std::bad_alloc&) {
  }
  return workers;
}

WorkerReserve::WorkerReserve() { idle_.reserve(std::max(1u, std::thread::hardware_concurrency())); }

void WorkerReserve::giveBack(std::vector<std::unique_ptr<Worker>> workers) noexcept {
  std::lock_guard lock(mutex_);
  while (!workers.empty() && idle_.size() < idle_.capacity()) {
    idle_.push_back(std::move(workers.back()));
    workers.pop_back();
  }
  // The others end here, with `workers`.
}

void WorkerReserve::clear() {
  std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace dinf
