#include "addon/job.h"
#include <utility>
#include "addon/errors.h"

namespace dinf {
namespace {

// Runs on the main thread after the job's thread released the channel; or early, when the environment goes away.
void endJob(Napi::Env env, Job* job, Running& running) {
  const std::unique_ptr<Job> ended(job);
  job->shared->cancelled = true;
  if (job->thread.joinable()) job->thread.join();
  running.remove(job);
  job->shared->busy = false;
  // A worker that is being terminated settles no promises any more: what then fails is nobody's to hear.
  try {
    Napi::HandleScope scope(env);
    try {
      if (job->failure) job->deferred.Reject(translate(env, job->failure).Value());
      else job->deferred.Resolve(job->answer(env));
    } catch (const Napi::Error& error) {
      job->deferred.Reject(error.Value());
    } catch (...) {  // no memory for the answer, or for its error
      job->deferred.Reject(outOfMemory(env));
    }
  } catch (...) {
  }
}

// A job that is known to `running` and whose channel owns it: endJob deletes it.
Job* makeJob(Napi::Env env, const std::shared_ptr<Shared>& shared, const char* name, Napi::Value onProgress, Running& running) {
  auto job = std::make_unique<Job>(env, shared);
  const Napi::Function callback =
      onProgress.IsFunction() ? onProgress.As<Napi::Function>() : Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  running.add(job.get());
  try {
    job->channel = Napi::ThreadSafeFunction::New(env, callback, name, 0, 1,
                                                 [job = job.get(), &running](Napi::Env env) { endJob(env, job, running); });
  } catch (...) {
    running.remove(job.get());
    throw;
  }
  return job.release();
}

}  // namespace

void throwIfBusy(Napi::Env env, const Shared& shared) {
  if (shared.busy) throw coded(env, ErrorCode::invalidArgument, "this solver is busy: wait for its running call, or make another solver");
}

Napi::Value startJob(Napi::Env env, const std::shared_ptr<Shared>& shared, const char* name, Napi::Value onProgress,
                     std::function<Answer(Job&)> work) {
  throwIfBusy(env, *shared);
  shared->busy = true;
  shared->cancelled = false;
  Job* job = nullptr;
  try {
    job = makeJob(env, shared, name, onProgress, *env.GetInstanceData<Running>());
  } catch (...) {
    shared->busy = false;
    throw;
  }
  const Napi::Promise promise = job->deferred.Promise();
  try {
    job->thread = std::thread([job, work = std::move(work)] {
      try {
        job->answer = work(*job);
      } catch (...) {
        job->failure = std::current_exception();
      }
      if (job->shared->solver) job->shared->solver->rest();
      job->channel.Release();
    });
  } catch (...) {  // the system's limit of threads or memory
    job->failure = std::current_exception();
    job->channel.Release();
  }
  return promise;
}

void reportProgress(Job& job, const Progress& progress) {
  {
    std::lock_guard lock(job.mutex);
    job.progress = progress;
    if (job.pending) return;
    job.pending = true;
  }
  const auto status = job.channel.NonBlockingCall(&job, [](Napi::Env env, Napi::Function callback, Job* job) {
    Progress latest;
    {
      std::lock_guard lock(job->mutex);
      latest = job->progress;
      job->pending = false;
    }
    callback.Call({progressObject(env, latest)});
  });
  if (status != napi_ok) {
    std::lock_guard lock(job.mutex);
    job.pending = false;
  }
}

}  // namespace dinf
