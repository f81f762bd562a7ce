// Failed checks throw Failure with the stable code that lib/errors.ts knows.
#pragma once
#include <stdexcept>
#include <string>

namespace dinf {
struct Failure : std::runtime_error {
  std::string code;
  Failure(std::string code_, const std::string& message) : std::runtime_error(message), code(std::move(code_)) {}
};
inline void check(bool ok, const char* code, const std::string& message) {
  if (!ok) throw Failure(code, message);
}
}  // namespace dinf
