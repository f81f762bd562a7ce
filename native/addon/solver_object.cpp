// Every call that computes runs on a thread of its own and resolves a promise; the event loop only copies arguments in and
// results out. One call at a time a solver: its buffers are single.
#include "addon/solver_object.h"
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include "addon/arguments.h"
#include "core/check.h"

namespace dinf {
namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(40);

Napi::Error coded(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  return error;
}

Napi::Error translate(Napi::Env env, const std::exception_ptr& caught) {
  try {
    std::rethrow_exception(caught);
  } catch (const Failure& failure) {
    return coded(env, failure.code, failure.what());
  } catch (const std::bad_alloc&) {
    return coded(env, "OUT_OF_MEMORY", "the native solver could not allocate its buffers: use a smaller resolution or fewer samples");
  } catch (const std::exception& other) {
    return coded(env, "INTERNAL", other.what());
  }
}

Napi::Float64Array toArray(Napi::Env env, const std::vector<double>& values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

// A job's answer, made into a JavaScript value on the main thread.
using Answer = std::function<Napi::Value(Napi::Env)>;

// What a job's thread and the main thread share. The solver outlives the JavaScript object if a job still runs on it.
struct Shared {
  std::unique_ptr<SolverBase> solver;
  ProblemSpec problem;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> busy{false};
};

// One job: a thread, the function it calls back through, and the promise it settles.
struct Job {
  Job(Napi::Env env, std::shared_ptr<Shared> shared) : shared(std::move(shared)), deferred(Napi::Promise::Deferred::New(env)) {}
  std::shared_ptr<Shared> shared;
  Napi::Promise::Deferred deferred;
  Napi::ThreadSafeFunction channel;
  std::thread thread;
  Answer answer;
  std::exception_ptr failure;

  // Latest progress; older ones that the main thread has not yet seen are overwritten, never queued.
  std::mutex mutex;
  Progress progress{};
  bool pending = false;
};

// Stops running solves and waits for them when the environment (process or worker) goes away.
struct Running {
  std::mutex mutex;
  std::vector<Job*> jobs;
  static void stopAll(void* data) {
    auto* running = static_cast<Running*>(data);
    std::lock_guard lock(running->mutex);
    for (Job* job : running->jobs) {
      job->shared->cancelled = true;
      if (job->thread.joinable()) job->thread.join();
    }
  }
};

Napi::Value startJob(Napi::Env env, std::shared_ptr<Shared> shared, const char* name, Napi::Value onProgress,
                     std::function<Answer(Job&)> work) {
  if (shared->busy.exchange(true)) throw coded(env, "INVALID_ARGUMENT", "this solver is busy: wait for its running call, or make another solver");
  shared->cancelled = false;
  auto* job = new Job(env, shared);
  auto* running = env.GetInstanceData<Running>();
  const Napi::Function callback =
      onProgress.IsFunction() ? onProgress.As<Napi::Function>() : Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  job->channel = Napi::ThreadSafeFunction::New(env, callback, name, 0, 1, [job, running](Napi::Env env) {
    // Runs on the main thread after the job's thread released the channel; or early, when the environment goes away.
    job->shared->cancelled = true;
    if (job->thread.joinable()) job->thread.join();
    {
      std::lock_guard lock(running->mutex);
      std::erase(running->jobs, job);
    }
    job->shared->busy = false;
    try {
      Napi::HandleScope scope(env);
      try {
        if (job->failure) job->deferred.Reject(translate(env, job->failure).Value());
        else job->deferred.Resolve(job->answer(env));
      } catch (const Napi::Error& error) {
        job->deferred.Reject(error.Value());
      }
    } catch (const Napi::Error&) {
      // A worker that is being terminated settles no promises any more.
    }
    delete job;
  });
  {
    std::lock_guard lock(running->mutex);
    running->jobs.push_back(job);
  }
  const Napi::Promise promise = job->deferred.Promise();
  try {
    job->thread = std::thread([job, work = std::move(work)] {
      try {
        job->answer = work(*job);
      } catch (...) {
        job->failure = std::current_exception();
      }
      job->channel.Release();
    });
  } catch (const std::system_error&) {  // the system's limit of threads
    job->failure = std::make_exception_ptr(Failure("OUT_OF_MEMORY", "the system gives this process no more threads"));
    job->channel.Release();
  }
  return promise;
}

// Tells JavaScript of progress at most every kProgressInterval, and never queues more than one call.
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
    Napi::Object value = Napi::Object::New(env);
    value.Set("iteration", static_cast<double>(latest.iteration));
    value.Set("iterations", static_cast<double>(latest.iterations));
    value.Set("loss", latest.loss);
    callback.Call({value});
  });
  if (status != napi_ok) {
    std::lock_guard lock(job.mutex);
    job.pending = false;
  }
}

class SolverObject : public Napi::ObjectWrap<SolverObject> {
 public:
  explicit SolverObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SolverObject>(info), shared_(std::make_shared<Shared>()) {
    if (info.Length() < 1 || !info[0].IsObject()) throw coded(info.Env(), "INTERNAL", "a solver is made from a compiled problem");
    guard(info.Env(), [&] {
      const Napi::Object given = info[0].As<Napi::Object>();
      shared_->problem = readProblem(given);
      const std::string dtype = given.Get("dtype").ToString().Utf8Value();
      check(dtype == "float32" || dtype == "float64", "INVALID_ARGUMENT", "dtype is neither float32 nor float64");
      precision_ = dtype == "float64" ? Precision::float64 : Precision::float32;
      device_.threads = given.Get("threads").ToNumber().Int32Value();
      check(device_.threads >= 1 && device_.threads <= 1024, "INVALID_ARGUMENT", "threads is not in 1..1024");
      const double index = given.Get("cudaDevice").ToNumber().DoubleValue(), limit = given.Get("memoryLimit").ToNumber().DoubleValue();
      check(index >= -1 && index < 1024 && index == std::floor(index), "INVALID_ARGUMENT", "cudaDevice is not in -1..1023");
      check(limit >= 0 && limit < 9e15, "INVALID_ARGUMENT", "memoryLimit is no number of bytes");
      device_.cuda = index >= 0;
      device_.index = static_cast<int>(index);
      device_.memoryLimit = static_cast<int64_t>(limit);
    });
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Solver",
                       {
                           InstanceMethod<&SolverObject::prepare>("prepare"),
                           InstanceMethod<&SolverObject::run>("run"),
                           InstanceMethod<&SolverObject::cancel>("cancel"),
                           InstanceMethod<&SolverObject::state>("state"),
                           InstanceMethod<&SolverObject::setParameters>("setParameters"),
                           InstanceMethod<&SolverObject::parameters>("parameters"),
                           InstanceMethod<&SolverObject::optimizerState>("optimizerState"),
                           InstanceMethod<&SolverObject::setOptimizerState>("setOptimizerState"),
                           InstanceMethod<&SolverObject::setUniforms>("setUniforms"),
                           InstanceMethod<&SolverObject::setChannels>("setChannels"),
                           InstanceMethod<&SolverObject::draw>("draw"),
                           InstanceMethod<&SolverObject::sampleWeights>("sampleWeights"),
                           InstanceMethod<&SolverObject::evaluate>("evaluate"),
                           InstanceMethod<&SolverObject::loss>("loss"),
                           InstanceMethod<&SolverObject::gradient>("gradient"),
                           InstanceMethod<&SolverObject::linearise>("linearise"),
                           InstanceMethod<&SolverObject::tangent>("tangent"),
                           InstanceMethod<&SolverObject::adjoint>("adjoint"),
                           InstanceMethod<&SolverObject::columnSquares>("columnSquares"),
                       });
  }

 private:
  template <class F>
  static void guard(Napi::Env env, F body) {
    try {
      body();
    } catch (const Napi::Error& error) {
      // What a getter or a conversion threw: with a code like every other error.
      const Napi::Value thrown = error.Value();
      if (thrown.IsObject() && thrown.As<Napi::Object>().Has("code")) throw;
      throw coded(env, "INTERNAL", thrown.IsObject() ? error.Message() : "an argument could not be read");
    } catch (...) {
      throw translate(env, std::current_exception());
    }
  }

  // Starts a job on a prepared solver.
  Napi::Value start(const Napi::CallbackInfo& info, const char* name, std::function<Answer(Job&)> work, Napi::Value onProgress = Napi::Value()) {
    if (!shared_->solver) throw coded(info.Env(), "DISPOSED", "this solver is not prepared, or was disposed");
    return startJob(info.Env(), shared_, name, onProgress.IsEmpty() ? info.Env().Undefined() : onProgress, std::move(work));
  }
  static Answer array(std::vector<double> values) {
    return [values = std::move(values)](Napi::Env env) -> Napi::Value { return toArray(env, values); };
  }
  static Answer nothing() {
    return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
  }
  std::vector<double> vector(const Napi::CallbackInfo& info, const char* name) {
    std::vector<double> values;
    guard(info.Env(), [&] { values = readDoubles(info[0], name); });
    return values;
  }

  static uint32_t whole(const Napi::CallbackInfo& info) {
    uint32_t value = 0;
    guard(info.Env(), [&] { value = info[0].ToNumber().Uint32Value(); });
    return value;
  }

  // Sorting points, tabulating weights and allocating buffers take time: not for the constructor.
  Napi::Value prepare(const Napi::CallbackInfo& info) {
    if (shared_->solver) throw coded(info.Env(), "INTERNAL", "this solver is prepared already");
    return startJob(info.Env(), shared_, "dinf prepare", info.Env().Undefined(), [precision = precision_, device = device_](Job& job) {
      job.shared->solver = makeSolver(job.shared->problem, precision, device);
      return nothing();
    });
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    std::vector<StageSpec> stages;
    guard(info.Env(), [&] { stages = readStages(info[0]); });
    return start(
        info, "dinf solve",
        [stages](Job& job) -> Answer {
          auto last = std::chrono::steady_clock::now() - kProgressInterval;
          SolveResult result = job.shared->solver->run(
              stages,
              [&](const Progress& progress) {
                const auto now = std::chrono::steady_clock::now();
                if (now - last < kProgressInterval) return;
                last = now;
                reportProgress(job, progress);
              },
              job.shared->cancelled);
          return [result = std::move(result)](Napi::Env env) -> Napi::Value {
            Napi::Object value = Napi::Object::New(env);
            value.Set("stopReason", result.stopReason);
            value.Set("message", result.message);
            value.Set("iterations", static_cast<double>(result.iterations));
            value.Set("seconds", result.seconds);
            value.Set("loss", result.loss);
            value.Set("unknowns", static_cast<double>(result.unknowns));
            value.Set("losses", toArray(env, result.losses));
            value.Set("lossIterations", toArray(env, std::vector<double>(result.lossIterations.begin(), result.lossIterations.end())));
            return value;
          };
        },
        info[1]);
  }

  Napi::Value cancel(const Napi::CallbackInfo& info) {
    shared_->cancelled = true;
    return info.Env().Undefined();
  }

  Napi::Value state(const Napi::CallbackInfo& info) {
    if (!shared_->solver || shared_->busy) throw coded(info.Env(), "INVALID_ARGUMENT", "this solver is busy or not prepared");
    Napi::Object value = Napi::Object::New(info.Env());
    value.Set("parameters", static_cast<double>(shared_->solver->parameterCount()));
    value.Set("rows", static_cast<double>(shared_->solver->rowCount()));
    value.Set("folded", shared_->solver->folded());
    const std::vector<ParameterBlock> blocks = shared_->solver->blocks();
    Napi::Array list = Napi::Array::New(info.Env(), blocks.size());
    for (uint32_t i = 0; i < blocks.size(); ++i) {
      Napi::Object block = Napi::Object::New(info.Env());
      Napi::Array shape = Napi::Array::New(info.Env(), blocks[i].shape.size());
      for (uint32_t k = 0; k < blocks[i].shape.size(); ++k) shape.Set(k, static_cast<double>(blocks[i].shape[k]));
      block.Set("name", blocks[i].name);
      block.Set("shape", shape);
      list.Set(i, block);
    }
    value.Set("blocks", list);
    return value;
  }

  Napi::Value parameters(const Napi::CallbackInfo& info) {
    return start(info, "dinf parameters", [](Job& job) { return array(job.shared->solver->parameters()); });
  }
  Napi::Value setParameters(const Napi::CallbackInfo& info) {
    const bool folded = info[1].ToBoolean().Value();
    return start(info, "dinf setParameters", [values = vector(info, "parameters"), folded](Job& job) {
      SolverBase& solver = *job.shared->solver;
      solver.setFolded(folded);
      check(static_cast<int64_t>(values.size()) == solver.parameterCount(), "INVALID_ARGUMENT",
            "expected " + std::to_string(solver.parameterCount()) + " parameters, got " + std::to_string(values.size()));
      solver.setParameters(values);
      return nothing();
    });
  }
  Napi::Value optimizerState(const Napi::CallbackInfo& info) {
    return start(info, "dinf optimizerState", [](Job& job) -> Answer {
      return [state = job.shared->solver->optimizerState()](Napi::Env env) -> Napi::Value {
        if (state.iteration == 0) return env.Null();
        Napi::Object value = Napi::Object::New(env);
        value.Set("iteration", static_cast<double>(state.iteration));
        value.Set("bestMean", std::isfinite(state.bestMean) ? Napi::Value(Napi::Number::New(env, state.bestMean)) : env.Null());
        value.Set("windowSum", state.windowSum);
        value.Set("windowCount", static_cast<double>(state.windowCount));
        value.Set("first", toArray(env, state.first));
        value.Set("second", toArray(env, state.second));
        value.Set("best", toArray(env, state.best));
        value.Set("current", state.current.empty() ? env.Null() : Napi::Value(toArray(env, state.current)));
        return value;
      };
    });
  }
  Napi::Value setOptimizerState(const Napi::CallbackInfo& info) {
    OptimizerState state;
    guard(info.Env(), [&] { state = readOptimizerState(info[0]); });
    return start(info, "dinf setOptimizerState", [state = std::move(state)](Job& job) {
      const size_t n = static_cast<size_t>(job.shared->solver->parameterCount());
      check(state.first.size() == n && state.second.size() == n && state.best.size() == n && (state.current.empty() || state.current.size() == n),
            "INVALID_ARGUMENT", "an optimizer's state has one value a parameter, " + std::to_string(n));
      job.shared->solver->setOptimizerState(state);
      return nothing();
    });
  }
  Napi::Value setUniforms(const Napi::CallbackInfo& info) {
    return start(info, "dinf setUniforms", [values = vector(info, "uniforms")](Job& job) {
      check(values.size() == job.shared->problem.uniforms.size(), "INVALID_ARGUMENT", "the number of uniforms is fixed");
      job.shared->solver->setUniforms(values);
      return nothing();
    });
  }
  Napi::Value setChannels(const Napi::CallbackInfo& info) {
    const uint32_t term = whole(info);
    std::vector<std::vector<double>> values;
    guard(info.Env(), [&] {
      const ProblemSpec& problem = shared_->problem;
      check(term < problem.terms.size(), "INVALID_ARGUMENT", "no such term");
      values = readChannels(info[1], sampleCount(problem.samples[problem.terms[term].samples]));
      check(values.size() == problem.terms[term].channels.size(), "INVALID_ARGUMENT", "the number of a term's channels is fixed");
    });
    return start(info, "dinf setChannels", [term, values = std::move(values)](Job& job) {
      job.shared->solver->setChannels(static_cast<int>(term), values);
      return nothing();
    });
  }
  Napi::Value draw(const Napi::CallbackInfo& info) {
    const uint32_t iteration = whole(info);
    return start(info, "dinf draw", [iteration](Job& job) {
      job.shared->solver->draw(iteration);
      return nothing();
    });
  }
  Napi::Value sampleWeights(const Napi::CallbackInfo& info) {
    const uint32_t term = whole(info);
    return start(info, "dinf sampleWeights", [term](Job& job) {
      check(term < job.shared->problem.terms.size(), "INVALID_ARGUMENT", "no such term");
      return array(job.shared->solver->sampleWeights(static_cast<int>(term)));
    });
  }
  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    EvaluationSpec spec;
    guard(info.Env(), [&] {
      check(info[0].IsObject(), "INTERNAL", "evaluate takes an object");
      spec = readEvaluation(info[0].As<Napi::Object>(), shared_->problem);
    });
    return start(info, "dinf evaluate", [spec = std::move(spec)](Job& job) { return array(job.shared->solver->evaluate(spec)); });
  }
  Napi::Value loss(const Napi::CallbackInfo& info) {
    return start(info, "dinf loss", [](Job& job) -> Answer {
      const double value = job.shared->solver->loss();
      return [value](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, value); };
    });
  }
  Napi::Value gradient(const Napi::CallbackInfo& info) {
    return start(info, "dinf gradient", [](Job& job) {
      std::vector<double> gradient;
      job.shared->solver->gradient(gradient);
      return array(std::move(gradient));
    });
  }
  Napi::Value linearise(const Napi::CallbackInfo& info) {
    return start(info, "dinf linearise", [](Job& job) { return array(job.shared->solver->linearise()); });
  }
  Napi::Value tangent(const Napi::CallbackInfo& info) {
    return start(info, "dinf tangent", [values = vector(info, "direction")](Job& job) {
      check(static_cast<int64_t>(values.size()) == job.shared->solver->parameterCount(), "INVALID_ARGUMENT", "one value a parameter");
      return array(job.shared->solver->tangent(values));
    });
  }
  Napi::Value adjoint(const Napi::CallbackInfo& info) {
    return start(info, "dinf adjoint", [values = vector(info, "rows")](Job& job) {
      check(static_cast<int64_t>(values.size()) == job.shared->solver->rowCount(), "INVALID_ARGUMENT", "one value a row");
      return array(job.shared->solver->adjoint(values));
    });
  }
  Napi::Value columnSquares(const Napi::CallbackInfo& info) {
    return start(info, "dinf columnSquares", [](Job& job) { return array(job.shared->solver->columnSquares()); });
  }

  std::shared_ptr<Shared> shared_;
  Precision precision_ = Precision::float32;
  DeviceSpec device_;
};

}  // namespace

Napi::Function defineSolver(Napi::Env env) {
  auto* running = new Running;
  env.SetInstanceData<Running>(running);  // deleted with the environment
  env.AddCleanupHook([](Running* running) { Running::stopAll(running); }, running);
  return SolverObject::define(env);
}

}  // namespace dinf
