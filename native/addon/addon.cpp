#include <napi.h>
#include <thread>
#include "addon/solver_object.h"
#include "cpu/kernels.h"
#include "cuda/devices.h"
#include "math/schema.h"
#if defined(__wasm__)
#include "addon/wasm/host.h"
#endif

namespace {

// What `dinf-grid info` prints.
Napi::Value buildInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object value = Napi::Object::New(env);
  value.Set("instructionSet", dinf::cpuInstructionSet());
#if NAPI_HAS_THREADS
  value.Set("hardwareThreads", static_cast<double>(std::thread::hardware_concurrency()));
#else
  value.Set("hardwareThreads", 1.0);
#endif
  value.Set("compiler", __VERSION__);
  value.Set("schema", dinf::kSchema);
  return value;
}

Napi::Object toObject(Napi::Env env, const dinf::CudaStatus& status) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("built", status.built);
  value.Set("toolkitVersion", status.toolkitVersion);
  value.Set("runtimeVersion", status.runtimeVersion);
  value.Set("driverVersion", status.driverVersion);
  value.Set("architectures", status.architectures);
  value.Set("reason", status.reason);
  Napi::Array devices = Napi::Array::New(env, status.devices.size());
  for (uint32_t i = 0; i < status.devices.size(); ++i) {
    const dinf::DeviceInfo& device = status.devices[i];
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", device.name);
    entry.Set("computeMajor", device.computeMajor);
    entry.Set("computeMinor", device.computeMinor);
    entry.Set("memory", static_cast<double>(device.memory));
    entry.Set("free", static_cast<double>(device.free));
    entry.Set("multiprocessors", device.multiprocessors);
    devices.Set(i, entry);
  }
  value.Set("devices", devices);
  return value;
}

Napi::Value cudaStatus(const Napi::CallbackInfo& info) { return toObject(info.Env(), dinf::cudaStatus()); }

#if NAPI_HAS_THREADS
// The same off the main thread: the driver's start is a tenth of a second and more.
class StatusWorker final : public Napi::AsyncWorker {
 public:
  explicit StatusWorker(Napi::Env env) : AsyncWorker(env, "dinf-grid: CUDA devices"), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 private:
  void Execute() override { status_ = dinf::cudaStatus(); }
  void OnOK() override { deferred_.Resolve(toObject(Env(), status_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

  Napi::Promise::Deferred deferred_;
  dinf::CudaStatus status_;
};

Napi::Value lookForCuda(const Napi::CallbackInfo& info) {
  auto* worker = new StatusWorker(info.Env());
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}
#else
Napi::Value lookForCuda(const Napi::CallbackInfo& info) {
  const auto deferred = Napi::Promise::Deferred::New(info.Env());
  deferred.Resolve(toObject(info.Env(), dinf::cudaStatus()));
  return deferred.Promise();
}
#endif

Napi::Value cudaLost(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), dinf::cudaLost(info[0].ToNumber().Int32Value()));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Solver", dinf::defineSolver(env));
  exports.Set("buildInfo", Napi::Function::New(env, buildInfo));
  exports.Set("cudaStatus", Napi::Function::New(env, cudaStatus));
  exports.Set("lookForCuda", Napi::Function::New(env, lookForCuda));
  exports.Set("cudaLost", Napi::Function::New(env, cudaLost));
#if defined(__wasm__)
  dinf::exportConnect(env, exports);
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(dinf_grid, init)
