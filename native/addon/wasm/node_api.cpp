// The one function of Node-API that a host outside of the module cannot have: it answers with a pointer to memory that lasts.
#include <napi.h>
#include <cstdint>

extern "C" {

// Of emnapi, which the host's Node-API is.
__attribute__((__import_module__("env"), __import_name__("_emnapi_get_last_error_info"))) void dinfLastErrorInfo(
    napi_env env, napi_status* code, uint32_t* engineCode, void** engineReserved);

napi_status napi_get_last_error_info(node_api_basic_env env, const napi_extended_error_info** result) {
  static napi_extended_error_info info;
  if (!env || !result) return napi_invalid_arg;
  dinfLastErrorInfo(env, &info.error_code, &info.engine_error_code, &info.engine_reserved);
  info.error_message = info.error_code == napi_ok ? nullptr : "a value of JavaScript is not what native code expects";
  *result = &info;
  return napi_ok;
}

}  // extern "C"
