# The addon as a WebAssembly module, where Emscripten is the compiler: `node scripts/build-wasm.mjs` comes here. One thread, vectors of 16
# bytes, and nothing but Node-API and a dozen calls of WASI asked of the host, so that no JavaScript of Emscripten's goes along.

set(DINF_CUDA OFF)
set(DINF_THREADS "")
# What every engine has that has SIMD128 and exceptions. Without trapping conversions a cast to an integer is one instruction.
set(DINF_WASM_COMPILE_OPTIONS -msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext -fwasm-exceptions)
set(DINF_WASM_LINK_OPTIONS
  -fwasm-exceptions -O3 --no-entry
  -sSTANDALONE_WASM=1
  -sALLOW_MEMORY_GROWTH=1
  -sINITIAL_MEMORY=33554432
  -sMAXIMUM_MEMORY=4294967296
  -sMALLOC=dlmalloc
  -sTOTAL_STACK=4194304
  -sERROR_ON_UNDEFINED_SYMBOLS=0 # Node-API is the host's
  -sWARN_ON_UNDEFINED_SYMBOLS=0
  -sEXPORTED_FUNCTIONS=_malloc,_free,_napi_register_wasm_v1,_node_api_module_get_api_version_v1
  -Wl,--export-table -Wl,--growable-table -Wl,--gc-sections)
