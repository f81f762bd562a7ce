// Calls that compute: each runs on a thread of its own and resolves a promise on the main thread. One at a time a solver. Where there are
// no threads (wasm/job.cpp), they run on the main thread, once whoever called has returned.
#pragma once
#include <napi.h>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include "core/solver.h"

namespace dinf {

// A job's answer, made into a JavaScript value on the main thread.
using Answer = std::function<Napi::Value(Napi::Env)>;

// What calls are checked against: a problem without the data of its samples.
struct Outline {
  ProblemSpec problem;
  std::vector<int64_t> sampleCounts;  // one a term
};

// What a job's thread and the main thread share. The solver outlives the JavaScript object if a job still runs on it.
struct Shared {
  std::unique_ptr<SolverBase> solver;
  ProblemSpec problem;  // until the solver is made of it
  Outline outline;
  int64_t toldBytes = 0;  // of native memory, as V8's collector knows; the main thread's alone
  std::atomic<bool> cancelled{false};
  bool busy = false;  // the main thread's alone
};

// One job: a thread, the function it calls back through, and the promise it settles.
struct Job {
  Job(Napi::Env env, std::shared_ptr<Shared> shared) : shared(std::move(shared)), deferred(Napi::Promise::Deferred::New(env)) {}
  std::shared_ptr<Shared> shared;
  Napi::Promise::Deferred deferred;
  Answer answer;
  std::exception_ptr failure;
#if NAPI_HAS_THREADS
  Napi::ThreadSafeFunction channel;
  std::thread thread;

  // Latest progress; older ones that the main thread has not yet seen are overwritten, never queued.
  std::mutex mutex;
  Progress progress{};
  bool pending = false;
#else
  Napi::FunctionReference onProgress;  // empty: nobody listens
#endif
};

// Stops running solves and waits for them when the environment (process or worker) goes away.
#if NAPI_HAS_THREADS
struct Running {
  std::mutex mutex;
  std::vector<Job*> jobs;
  void add(Job* job) {
    std::lock_guard lock(mutex);
    jobs.push_back(job);
  }
  void remove(Job* job) {
    std::lock_guard lock(mutex);
    std::erase(jobs, job);
  }
  void stopAll() {
    std::lock_guard lock(mutex);
    for (Job* job : jobs) {
      job->shared->cancelled = true;
      if (job->thread.joinable()) job->thread.join();
    }
  }
};
#else
struct Running {
  void stopAll() {}  // where a job runs, nothing else does
};
#endif

// While a call runs, the main thread does not look at the solver: the job's thread may make or free it.
void throwIfBusy(Napi::Env env, const Shared& shared);
// Starts a job, and returns its promise.
Napi::Value startJob(Napi::Env env, const std::shared_ptr<Shared>& shared, const char* name, Napi::Value onProgress,
                     std::function<Answer(Job&)> work);
// From a job's thread: tells JavaScript of progress, and never queues more than one call.
void reportProgress(Job& job, const Progress& progress);
// What JavaScript is told.
inline Napi::Object progressObject(Napi::Env env, const Progress& progress) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("iteration", static_cast<double>(progress.iteration));
  value.Set("iterations", static_cast<double>(progress.iterations));
  value.Set("loss", progress.loss);
  return value;
}

}  // namespace dinf
