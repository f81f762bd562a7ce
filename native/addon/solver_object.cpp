// Arguments are copied in and results out on the event loop; what computes between is a job.
#include "addon/solver_object.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>
#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/job.h"
#include "addon/typed_arrays.h"
#include "core/check.h"
#include "cpu/worker_reserve.h"
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace dinf {
namespace {

constexpr int64_t kMuch = int64_t{1} << 28;  // a collection takes little beside such a solve
constexpr int64_t kHostTileBytes = int64_t{64} << 20;
constexpr auto kProgressInterval = std::chrono::milliseconds(40);

Outline outlineOf(const ProblemSpec& problem) {
  Outline outline;
  outline.problem.dims = problem.dims;
  std::copy_n(problem.lower, kMaxDims, outline.problem.lower);
  std::copy_n(problem.upper, kMaxDims, outline.problem.upper);
  outline.problem.fields = problem.fields;
  outline.problem.uniforms = problem.uniforms;
  outline.problem.scalars = problem.scalars;
  for (const TermSpec& term : problem.terms) {
    outline.problem.terms.emplace_back().channels.resize(term.channels.size());
    outline.sampleCounts.push_back(sampleCount(problem.samples[term.samples]));
  }
  return outline;
}

// Native memory that a JavaScript object stands for, so that the collector hurries where much of it waits for small objects to go.
void tellBytes(Napi::Env env, Shared& shared, int64_t bytes) {
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes - shared.toldBytes);
  shared.toldBytes = bytes;
}

// Buffers that JavaScript has let go of, such as a problem's data that were copied just now, would lie beside what a large solver takes: V8
// collects at once when it is told of more than it would bear.
void collect(Napi::Env env, Shared& shared) {
  constexpr int64_t kUnbearable = int64_t{1} << 40;
  const int64_t told = shared.toldBytes;
  tellBytes(env, shared, kUnbearable);
  tellBytes(env, shared, told);
}

// Allocators keep what they were given back, for the next allocation: for the process that is memory still taken.
void trimMemory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

class SolverObject : public Napi::ObjectWrap<SolverObject> {
 public:
  explicit SolverObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SolverObject>(info) {
    if (info.Length() < 1 || !info[0].IsObject()) throw coded(info.Env(), ErrorCode::internal, "a solver is made from a compiled problem");
    guard(info.Env(), [&] {
      shared_ = std::make_shared<Shared>();
      const Napi::Object given = info[0].As<Napi::Object>();
      shared_->problem = readProblem(given);
      shared_->outline = outlineOf(shared_->problem);
      const std::string dtype = given.Get("dtype").ToString().Utf8Value();
      check(dtype == nameOf(Precision::float32) || dtype == nameOf(Precision::float64), ErrorCode::invalidArgument,
            "dtype is neither float32 nor float64");
      precision_ = dtype == nameOf(Precision::float64) ? Precision::float64 : Precision::float32;
      device_.threads = given.Get("threads").ToNumber().Int32Value();
      check(device_.threads >= 1 && device_.threads <= 1024, ErrorCode::invalidArgument, "threads is not in 1..1024");
      check(given.Get("device").IsObject(), ErrorCode::invalidArgument, "device is not an object");
      const Napi::Object device = given.Get("device").As<Napi::Object>();
      const std::string driver = device.Get("driver").ToString().Utf8Value();
      const auto* const found = std::find(std::begin(kDriverNames), std::end(kDriverNames), driver);
      check(found != std::end(kDriverNames), ErrorCode::noSuchDevice, "this build knows no driver of that name");
      const double index = device.Get("index").ToNumber().DoubleValue(), limit = given.Get("memoryLimit").ToNumber().DoubleValue();
      check(index >= 0 && index < 1024 && index == std::floor(index), ErrorCode::invalidArgument, "the device's index is not in 0..1023");
      check(limit >= 0 && limit < 9e15, ErrorCode::invalidArgument, "memoryLimit is no number of bytes");
      device_.driver = static_cast<DriverKind>(found - std::begin(kDriverNames));
      device_.index = static_cast<int>(index);
      device_.memoryLimit = static_cast<int64_t>(limit);
      device_.tf32 = given.Get("tf32").ToBoolean().Value();
#if !NAPI_HAS_THREADS
      device_.threads = 1;  // there are no others to ask for
#endif
      // A device needs many samples at once; a host is as fast with fewer.
      if (device_.driver == DriverKind::cpu) shared_->problem.tileBytes = kHostTileBytes;
      const double bytes = given.Get("bytes").ToNumber().DoubleValue();
      check(bytes >= 0 && bytes < 9e15, ErrorCode::invalidArgument, "bytes is no number of bytes");
      bytes_ = static_cast<int64_t>(bytes);
    });
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Solver",
                       {
                           InstanceMethod<&SolverObject::safe<&SolverObject::prepare>>("prepare"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::free>>("free"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::run>>("run"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::runMany>>("runMany"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::cancel>>("cancel"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::state>>("state"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::setParameters>>("setParameters"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::parameters>>("parameters"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::parameterRange>>("parameterRange"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::setParameterRange>>("setParameterRange"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::optimizerState>>("optimizerState"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::setOptimizerState>>("setOptimizerState"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::setUniforms>>("setUniforms"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::setChannels>>("setChannels"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::draw>>("draw"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::sampleWeights>>("sampleWeights"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::evaluate>>("evaluate"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::loss>>("loss"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::gradient>>("gradient"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::linearise>>("linearise"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::tangent>>("tangent"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::adjoint>>("adjoint"),
                           InstanceMethod<&SolverObject::safe<&SolverObject::columnSquares>>("columnSquares"),
                       });
  }

  void Finalize(Napi::Env env) override {
    if (shared_) tellBytes(env, *shared_, 0);
  }

 private:
  // Whatever a method throws reaches JavaScript as an error with a code.
  template <Napi::Value (SolverObject::*method)(const Napi::CallbackInfo&)>
  Napi::Value safe(const Napi::CallbackInfo& info) {
    Napi::Value value;
    guard(info.Env(), [&] { value = (this->*method)(info); });
    return value;
  }

  // Starts a job on a prepared solver.
  Napi::Value start(const Napi::CallbackInfo& info, const char* name, std::function<Answer(Job&)> work, Napi::Value onProgress = Napi::Value()) {
    throwIfBusy(info.Env(), *shared_);
    if (!shared_->solver) throw coded(info.Env(), ErrorCode::disposed, "this solver is not prepared, or was disposed");
    return startJob(info.Env(), shared_, name, onProgress.IsEmpty() ? info.Env().Undefined() : onProgress, std::move(work));
  }
  static Answer array(std::vector<double> values) {
    return [values = std::move(values)](Napi::Env env) -> Napi::Value { return toFloat64Array(env, values); };
  }
  static Answer nothing() {
    return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
  }
  static std::vector<double> vector(const Napi::CallbackInfo& info, const char* name) {
    return readDoubles(info[0], name);
  }

  static uint32_t whole(const Napi::CallbackInfo& info) {
    return info[0].ToNumber().Uint32Value();
  }

  // Sorting points, tabulating weights and allocating buffers take time: not for the constructor.
  Napi::Value prepare(const Napi::CallbackInfo& info) {
    if (std::exchange(prepared_, true)) throw coded(info.Env(), ErrorCode::internal, "a solver is prepared once");
    if (bytes_ >= kMuch) collect(info.Env(), *shared_);
    return startJob(info.Env(), shared_, "dinf prepare", info.Env().Undefined(),
                    [precision = precision_, device = device_, bytes = bytes_](Job& job) -> Answer {
                      if (bytes >= kMuch) trimMemory();
                      job.shared->solver = makeSolver(std::exchange(job.shared->problem, {}), precision, device);
                      return [shared = job.shared, bytes](Napi::Env env) -> Napi::Value {
                        tellBytes(env, *shared, bytes);
                        return env.Undefined();
                      };
                    });
  }

  // Not on the main thread: unmapping large buffers takes milliseconds. Where no thread can be had, collection frees them later.
  Napi::Value free(const Napi::CallbackInfo& info) {
    return startJob(info.Env(), shared_, "dinf free", info.Env().Undefined(), [](Job& job) -> Answer {
      job.shared->solver = nullptr;
      job.shared->problem = {};
      job.shared->outline = {};
      trimMemory();
      return [shared = job.shared](Napi::Env env) -> Napi::Value {
        tellBytes(env, *shared, 0);
        return env.Undefined();
      };
    });
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    return start(
        info, "dinf solve",
        [stages = readStages(info[0])](Job& job) -> Answer {
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
            value.Set("stopReason", nameOf(result.stopReason));
            value.Set("message", result.message);
            value.Set("iterations", static_cast<double>(result.iterations));
            value.Set("seconds", result.seconds);
            value.Set("loss", result.loss);
            value.Set("unknowns", static_cast<double>(result.unknowns));
            if (result.inner.kind != InnerKind::automatic) {
              Napi::Object inner = Napi::Object::New(env);
              inner.Set("inner", nameOf(result.inner.kind));
              inner.Set("reason", result.inner.reason);
              inner.Set("factorisations", static_cast<double>(result.inner.factorisations));
              if (result.inner.factorisations > 0) {
                inner.Set("smallestPivot", result.inner.smallestPivot);
                inner.Set("factorFlops", result.inner.flops);
                inner.Set("factorWorth", result.inner.worth);
                inner.Set("factorSeconds", result.inner.seconds);
                inner.Set("factorBytes", static_cast<double>(result.inner.bytes));
              }
              inner.Set("undetermined", result.inner.undetermined);
              value.Set("inner", inner);
            }
            value.Set("losses", toFloat64Array(env, result.losses));
            value.Set("lossIterations", toFloat64Array(env, std::vector<double>(result.lossIterations.begin(), result.lossIterations.end())));
            return value;
          };
        },
        info[1]);
  }

  // Variations, and what they leave: one value a variation in each array, but for parameters and values.
  Napi::Value runMany(const Napi::CallbackInfo& info) {
    check(info[1].IsObject(), ErrorCode::internal, "variations are an object");
    Variations variations = readVariations(info[1].As<Napi::Object>(), shared_->outline.problem, shared_->outline.sampleCounts);
    return start(info, "dinf solve many", [stages = readStages(info[0]), variations = std::move(variations)](Job& job) -> Answer {
      VariationResults results = job.shared->solver->runMany(stages, variations, job.shared->cancelled);
      return [results = std::move(results)](Napi::Env env) -> Napi::Value {
        const uint32_t count = static_cast<uint32_t>(results.ends.size());
        std::vector<double> losses, iterations;
        Napi::Array reasons = Napi::Array::New(env, count), messages = Napi::Array::New(env, count), undetermined = Napi::Array::New(env, count);
        for (uint32_t i = 0; i < count; ++i) {
          const SolveResult& end = results.ends[i];
          losses.push_back(end.loss);
          iterations.push_back(static_cast<double>(end.iterations));
          reasons.Set(i, nameOf(end.stopReason));
          messages.Set(i, end.message);
          undetermined.Set(i, end.inner.undetermined);
        }
        Napi::Object value = Napi::Object::New(env);
        value.Set("stopReasons", reasons);
        value.Set("messages", messages);
        value.Set("undetermined", undetermined);
        value.Set("losses", toFloat64Array(env, losses));
        value.Set("iterations", toFloat64Array(env, iterations));
        value.Set("parameters", toFloat64Array(env, results.parameters));
        value.Set("values", toFloat64Array(env, results.values));
        return value;
      };
    });
  }

  Napi::Value cancel(const Napi::CallbackInfo& info) {
    shared_->cancelled = true;
    return info.Env().Undefined();
  }

  Napi::Value state(const Napi::CallbackInfo& info) {
    throwIfBusy(info.Env(), *shared_);
    if (!shared_->solver) throw coded(info.Env(), ErrorCode::invalidArgument, "this solver is not prepared");
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
      check(static_cast<int64_t>(values.size()) == solver.parameterCount(), ErrorCode::invalidArgument,
            "expected " + std::to_string(solver.parameterCount()) + " parameters, got " + std::to_string(values.size()));
      solver.setParameters(values);
      return nothing();
    });
  }
  // Some of the parameters at a time, so that no second copy of them all is taken.
  Napi::Value parameterRange(const Napi::CallbackInfo& info) {
    const int64_t begin = info[0].ToNumber().Int64Value(), count = info[1].ToNumber().Int64Value();
    return start(info, "dinf parameters", [begin, count](Job& job) {
      checkRange(*job.shared->solver, begin, count);
      return array(job.shared->solver->parameters(begin, count));
    });
  }
  Napi::Value setParameterRange(const Napi::CallbackInfo& info) {
    const int64_t begin = info[0].ToNumber().Int64Value();
    return start(info, "dinf setParameters", [begin, values = readDoubles(info[1], "parameters")](Job& job) {
      checkRange(*job.shared->solver, begin, static_cast<int64_t>(values.size()));
      job.shared->solver->setParameters(begin, values);
      return nothing();
    });
  }
  static void checkRange(const SolverBase& solver, int64_t begin, int64_t count) {
    check(begin >= 0 && count >= 0 && begin <= solver.parameterCount() - count, ErrorCode::invalidArgument, "a range of parameters is out of range");
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
        value.Set("first", toFloat64Array(env, state.first));
        value.Set("second", toFloat64Array(env, state.second));
        value.Set("best", toFloat64Array(env, state.best));
        value.Set("current", state.current.empty() ? env.Null() : toFloat64Array(env, state.current));
        return value;
      };
    });
  }
  Napi::Value setOptimizerState(const Napi::CallbackInfo& info) {
    return start(info, "dinf setOptimizerState", [state = readOptimizerState(info[0])](Job& job) {
      const size_t n = static_cast<size_t>(job.shared->solver->parameterCount());
      check(state.first.size() == n && state.second.size() == n && state.best.size() == n && (state.current.empty() || state.current.size() == n),
            ErrorCode::invalidArgument, "an optimizer's state has one value a parameter, " + std::to_string(n));
      job.shared->solver->setOptimizerState(state);
      return nothing();
    });
  }
  Napi::Value setUniforms(const Napi::CallbackInfo& info) {
    return start(info, "dinf setUniforms", [values = vector(info, "uniforms")](Job& job) {
      check(values.size() == job.shared->outline.problem.uniforms.size(), ErrorCode::invalidArgument, "the number of uniforms is fixed");
      job.shared->solver->setUniforms(values);
      return nothing();
    });
  }
  Napi::Value setChannels(const Napi::CallbackInfo& info) {
    const uint32_t term = whole(info);
    const Outline& outline = shared_->outline;
    check(term < outline.sampleCounts.size(), ErrorCode::invalidArgument, "no such term");
    std::vector<std::vector<double>> values = readChannels(info[1], outline.sampleCounts[term]);
    check(values.size() == outline.problem.terms[term].channels.size(), ErrorCode::invalidArgument, "the number of a term's channels is fixed");
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
      check(term < job.shared->outline.sampleCounts.size(), ErrorCode::invalidArgument, "no such term");
      return array(job.shared->solver->sampleWeights(static_cast<int>(term)));
    });
  }
  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    check(info[0].IsObject(), ErrorCode::internal, "evaluate takes an object");
    EvaluationSpec spec = readEvaluation(info[0].As<Napi::Object>(), shared_->outline.problem);
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
      check(static_cast<int64_t>(values.size()) == job.shared->solver->parameterCount(), ErrorCode::invalidArgument, "one value a parameter");
      return array(job.shared->solver->tangent(values));
    });
  }
  Napi::Value adjoint(const Napi::CallbackInfo& info) {
    return start(info, "dinf adjoint", [values = vector(info, "rows")](Job& job) {
      check(static_cast<int64_t>(values.size()) == job.shared->solver->rowCount(), ErrorCode::invalidArgument, "one value a row");
      return array(job.shared->solver->adjoint(values));
    });
  }
  Napi::Value columnSquares(const Napi::CallbackInfo& info) {
    return start(info, "dinf columnSquares", [](Job& job) { return array(job.shared->solver->columnSquares()); });
  }

  std::shared_ptr<Shared> shared_;
  Precision precision_ = Precision::float32;
  DeviceSpec device_;
  bool prepared_ = false;
  int64_t bytes_ = 0;  // what all of it will take, by the caller's estimate
};

}  // namespace

Napi::Function defineSolver(Napi::Env env) {
  auto* running = new Running;
  env.SetInstanceData<Running>(running);  // deleted with the environment
  env.AddCleanupHook(
      [](Running* running) {
        running->stopAll();
        WorkerReserve::shared().clear();  // the library's code may go away with the environment
      },
      running);
  return SolverObject::define(env);
}

}  // namespace dinf
