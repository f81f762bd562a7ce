#include <napi.h>
#include <thread>
#include "addon/solver_object.h"
#include "cpu/kernels.h"
#include "cuda/devices.h"
#include "math/schema.h"

namespace {

// What `dinf-grid info` prints.
Napi::Value buildInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object value = Napi::Object::New(env);
  value.Set("instructionSet", dinf::cpuInstructionSet());
  value.Set("hardwareThreads", static_cast<double>(std::thread::hardware_concurrency()));
  value.Set("compiler", __VERSION__);
  value.Set("schema", dinf::kSchema);
  return value;
}

Napi::Value cudaStatus(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const dinf::CudaStatus status = dinf::cudaStatus();
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

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Solver", dinf::defineSolver(env));
  exports.Set("buildInfo", Napi::Function::New(env, buildInfo));
  exports.Set("cudaStatus", Napi::Function::New(env, cudaStatus));
  return exports;
}

}  // namespace

NODE_API_MODULE(dinf_grid, init)
