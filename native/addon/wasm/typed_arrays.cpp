// Where native memory is a module's own: in place of addon/typed_arrays.cpp.
#include "addon/typed_arrays.h"
#include "addon/wasm/host.h"

namespace dinf {
namespace {

template <class Element>
std::vector<Element> elementsOf(const Napi::TypedArray& from) {
  std::vector<Element> values(from.ElementLength());
  if (!values.empty()) readBytes(from, values.data());
  return values;
}

}  // namespace

std::vector<double> fromFloat64Array(const Napi::TypedArray& from) { return elementsOf<double>(from); }

std::vector<uint16_t> fromUint16Array(const Napi::TypedArray& from) { return elementsOf<uint16_t>(from); }

Napi::Value toFloat64Array(Napi::Env env, const std::vector<double>& values) { return writeDoubles(env, values.data(), values.size()); }

}  // namespace dinf
