# The emulated device's own tests, without and with the race detector.
foreach(mode NORMAL RACES)
  string(TOLOWER ${mode} name)
  dinf_emulated_sources(dinf_emulation_tests_${name}_kernels ${mode} ${DINF_EMULATION_DIR}/emulation_tests.cu
    ${PROJECT_SOURCE_DIR}/cuda/launch.cu)
  add_executable(dinf_emulation_tests_${name} $<TARGET_OBJECTS:dinf_emulation_tests_${name}_kernels>)
  target_link_libraries(dinf_emulation_tests_${name} PRIVATE dinf_cuda_emulation)
  add_test(NAME cuda_emulation_${name} COMMAND dinf_emulation_tests_${name})
  list(APPEND DINF_EMULATED_TESTS dinf_emulation_tests_${name})
endforeach()
