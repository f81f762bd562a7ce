// The process's threads for CPU backends. A solve borrows its workers while it computes and gives them back: solutions that rest hold
// none, and the next one finds threads that are there already. No more stay idle than the machine has hardware threads.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dinf {

// A thread that runs one task after another.
class Worker {
 public:
  Worker();  // throws std::system_error where the system gives no more threads
  ~Worker();
  void start(std::function<void()> task);
  // Returns when the task has ended.
  void wait();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;
  bool busy_ = false, leaves_ = false;
  std::thread thread_;  // last: it reads the others
};

class WorkerReserve {
 public:
  static WorkerReserve& shared();
  WorkerReserve();
  // Up to `count` workers, fewer where the system gives no more threads.
  std::vector<std::unique_ptr<Worker>> borrow(int count);
  // Workers whose tasks have ended.
  void giveBack(std::vector<std::unique_ptr<Worker>> workers) noexcept;
  // Ends all that are idle, and returns when they have left: before the library's code may go away.
  void clear();

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;  // never grows: giving back takes no memory
};

}  // namespace dinf
