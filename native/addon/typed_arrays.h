// Numbers between JavaScript's typed arrays and native memory, always copied.
#pragma once
#include <napi.h>
#include <cstdint>
#include <vector>

namespace dinf {

// `from` must hold elements of that kind.
std::vector<double> fromFloat64Array(const Napi::TypedArray& from);
std::vector<uint16_t> fromUint16Array(const Napi::TypedArray& from);
Napi::Value toFloat64Array(Napi::Env env, const std::vector<double>& values);

}  // namespace dinf
