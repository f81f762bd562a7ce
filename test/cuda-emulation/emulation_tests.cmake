# What translated PTX is made of; the translations themselves need nvcc, this does not.
add_executable(dinf_ptx_instructions_tests ${DINF_EMULATION_DIR}/ptx/instructions_tests.cpp)
target_compile_options(dinf_ptx_instructions_tests PRIVATE -Wall -Wextra -frounding-math)
target_link_libraries(dinf_ptx_instructions_tests PRIVATE dinf_cuda_emulation)
add_test(NAME cuda_ptx_instructions COMMAND dinf_ptx_instructions_tests)
list(APPEND DINF_EMULATED_TESTS dinf_ptx_instructions_tests)

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
