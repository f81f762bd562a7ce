// Where JavaScript and native code see the same memory.
#include "addon/typed_arrays.h"
#include <algorithm>

namespace dinf {

std::vector<double> fromFloat64Array(const Napi::TypedArray& from) {
  const auto values = from.As<Napi::Float64Array>();
  return {values.Data(), values.Data() + values.ElementLength()};
}

std::vector<uint16_t> fromUint16Array(const Napi::TypedArray& from) {
  const auto values = from.As<Napi::Uint16Array>();
  return {values.Data(), values.Data() + values.ElementLength()};
}

Napi::Value toFloat64Array(Napi::Env env, const std::vector<double>& values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

}  // namespace dinf
