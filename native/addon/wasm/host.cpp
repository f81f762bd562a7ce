#include "addon/wasm/host.h"
#include <cstdint>
#include <utility>

namespace dinf {
namespace {

struct Host {
  Napi::FunctionReference read, write, later;
};

// A module has one environment. Never destroyed: it goes with the module's memory.
Host& host() {
  static auto* const host = new Host;
  return *host;
}

double address(const void* pointer) { return static_cast<double>(reinterpret_cast<uintptr_t>(pointer)); }

Napi::FunctionReference functionOf(const Napi::Object& functions, const char* name) {
  return Napi::Persistent(functions.Get(name).As<Napi::Function>());
}

void connect(const Napi::CallbackInfo& info) {
  const Napi::Object functions = info[0].As<Napi::Object>();
  host().read = functionOf(functions, "read");
  host().write = functionOf(functions, "write");
  host().later = functionOf(functions, "later");
}

}  // namespace

void exportConnect(Napi::Env env, Napi::Object exports) { exports.Set("connect", Napi::Function::New(env, connect)); }

void readBytes(const Napi::TypedArray& from, void* to) {
  host().read.Call({from, Napi::Number::New(from.Env(), address(to))});
}

Napi::Value writeDoubles(Napi::Env env, const double* from, size_t count) {
  return host().write.Call({Napi::Number::New(env, address(from)), Napi::Number::New(env, static_cast<double>(count))});
}

void runLater(Napi::Env env, std::function<void(Napi::Env)> task) {
  host().later.Call({Napi::Function::New(env, [task = std::move(task)](const Napi::CallbackInfo& info) { task(info.Env()); })});
}

}  // namespace dinf
