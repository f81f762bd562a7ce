// Failed checks throw Failure with one of the stable codes that TypeScript knows too.
#pragma once
#include <stdexcept>
#include <string>
#include "math/schema.h"

namespace dinf {
struct Failure : std::runtime_error {
  std::string code;
  Failure(ErrorCode code_, const std::string& message) : std::runtime_error(message), code(nameOf(code_)) {}
};
inline void check(bool ok, ErrorCode code, const std::string& message) {
  if (!ok) throw Failure(code, message);
}
}  // namespace dinf
