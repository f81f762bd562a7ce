// What native code throws, as JavaScript errors with a code.
#pragma once
#include <napi.h>
#include <exception>
#include <string>
#include "core/check.h"

namespace dinf {

Napi::Error coded(Napi::Env env, ErrorCode code, const std::string& message);
Napi::Error translate(Napi::Env env, const std::exception_ptr& caught);
// An error for whose making there was no memory.
napi_value outOfMemory(Napi::Env env);
// `translate`, or `outOfMemory` where that fails.
[[noreturn]] void throwTranslated(Napi::Env env, const std::exception_ptr& caught);

// Runs a body; whatever it throws reaches JavaScript as an error with a code.
template <class F>
void guard(Napi::Env env, F body) {
  try {
    body();
  } catch (const Napi::Error& error) {
    // What a getter or a conversion threw: with a code like every other error.
    const Napi::Value thrown = error.Value();
    if (thrown.IsObject() && thrown.As<Napi::Object>().Has("code")) throw;
    throw coded(env, ErrorCode::internal, thrown.IsObject() ? error.Message() : "an argument could not be read");
  } catch (...) {
    throwTranslated(env, std::current_exception());
  }
}

}  // namespace dinf
