// The JavaScript object around one solver.
#pragma once
#include <napi.h>

namespace dinf {
Napi::Function defineSolver(Napi::Env env);
}  // namespace dinf
