// Where there are no threads, in place of addon/job.cpp: a job is a task of the event loop, which stands still while it computes. Its
// promise is there before it begins, and progress is told on the way, so that a listener may cancel it.
#include "addon/job.h"
#include <utility>
#include "addon/errors.h"
#include "addon/wasm/host.h"

namespace dinf {
namespace {

void settle(Napi::Env env, Job& job) {
  job.shared->busy = false;
  try {
    if (job.failure) job.deferred.Reject(translate(env, job.failure).Value());
    else job.deferred.Resolve(job.answer(env));
  } catch (const Napi::Error& error) {
    job.deferred.Reject(error.Value());
  } catch (...) {  // no memory for the answer, or for its error
    job.deferred.Reject(outOfMemory(env));
  }
}

}  // namespace

void throwIfBusy(Napi::Env env, const Shared& shared) {
  if (shared.busy) throw coded(env, ErrorCode::invalidArgument, "this solver is busy: wait for its running call, or make another solver");
}

Napi::Value startJob(Napi::Env env, const std::shared_ptr<Shared>& shared, const char*, Napi::Value onProgress,
                     std::function<Answer(Job&)> work) {
  throwIfBusy(env, *shared);
  shared->busy = true;
  shared->cancelled = false;
  try {
    auto job = std::make_shared<Job>(env, shared);
    if (onProgress.IsFunction()) job->onProgress = Napi::Persistent(onProgress.As<Napi::Function>());
    const Napi::Promise promise = job->deferred.Promise();
    runLater(env, [job, work = std::move(work)](Napi::Env later) {
      try {
        job->answer = work(*job);
      } catch (...) {
        job->failure = std::current_exception();
      }
      settle(later, *job);
    });
    return promise;
  } catch (...) {
    shared->busy = false;
    throw;
  }
}

void reportProgress(Job& job, const Progress& progress) {
  if (job.onProgress.IsEmpty()) return;
  const Napi::Env env = job.onProgress.Env();
  const Napi::HandleScope scope(env);
  job.onProgress.Call({progressObject(env, progress)});
}

}  // namespace dinf
