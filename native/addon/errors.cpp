#include "addon/errors.h"
#include <new>
#include <system_error>

namespace dinf {

namespace {
Napi::Error named(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  return error;
}
}  // namespace

Napi::Error coded(Napi::Env env, ErrorCode code, const std::string& message) { return named(env, nameOf(code), message); }

Napi::Error translate(Napi::Env env, const std::exception_ptr& caught) {
  try {
    std::rethrow_exception(caught);
  } catch (const Failure& failure) {
    return named(env, failure.code, failure.what());
  } catch (const std::system_error&) {
    return coded(env, ErrorCode::outOfMemory, "the system gives this process no more threads");
  } catch (const std::bad_alloc&) {
    return coded(env, ErrorCode::outOfMemory, "the native solver could not allocate its buffers: use a smaller resolution or fewer samples");
  } catch (const std::exception& other) {
    return coded(env, ErrorCode::internal, other.what());
  }
}

// Texts that are there already, and no object of ours.
napi_value outOfMemory(Napi::Env env) {
  napi_value code = nullptr, message = nullptr, error = nullptr;
  napi_create_string_utf8(env, nameOf(ErrorCode::outOfMemory), NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, "the system gives this process no more memory", NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, code, message, &error);
  return error;
}

void throwTranslated(Napi::Env env, const std::exception_ptr& caught) {
  try {
    throw translate(env, caught);
  } catch (const std::bad_alloc&) {
    napi_throw(env, outOfMemory(env));
    throw Napi::Error::New(env);  // what is pending
  }
}

}  // namespace dinf
