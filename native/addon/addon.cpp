#include <napi.h>
#include <thread>
#include "addon/solver_object.h"
#include "cpu/kernels.h"

namespace {

// What `dinf-grid info` prints.
Napi::Value buildInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object value = Napi::Object::New(env);
  value.Set("instructionSet", dinf::cpuInstructionSet());
  value.Set("hardwareThreads", static_cast<double>(std::thread::hardware_concurrency()));
  value.Set("compiler", __VERSION__);
  value.Set("cuda", false);
  return value;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Solver", dinf::defineSolver(env));
  exports.Set("buildInfo", Napi::Function::New(env, buildInfo));
  return exports;
}

}  // namespace

NODE_API_MODULE(dinf_grid, init)
