// What the WebAssembly build asks of its host: the addon's memory is the module's own, which typed arrays do not lie in, and there are
// no threads. lib/wasm/host.ts is the other side.
#pragma once
#include <napi.h>
#include <functional>

namespace dinf {

// Exports `connect`, which the host calls once with its functions `read`, `write` and `later`, before anything else.
void exportConnect(Napi::Env env, Napi::Object exports);

// Copies the bytes of a typed array to `to`.
void readBytes(const Napi::TypedArray& from, void* to);
// A new Float64Array of what lies at `from`.
Napi::Value writeDoubles(Napi::Env env, const double* from, size_t count);
// Runs `task` on this thread once whoever calls now has returned, and the event loop has had its turn.
void runLater(Napi::Env env, std::function<void(Napi::Env)> task);

}  // namespace dinf
