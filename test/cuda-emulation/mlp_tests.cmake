# The MLP ops of the CUDA backend on the emulated device, without and with the race detector.
foreach(mode NORMAL RACES)
  string(TOLOWER ${mode} name)
  dinf_emulated_sources(dinf_cuda_mlp_${name}_kernels ${mode}
    cuda/context.cu cuda/mlp.cu cuda/mlp_activation.cu cuda/mlp_linear.cu cuda/mlp_weights.cu)
  target_include_directories(dinf_cuda_mlp_${name}_kernels PRIVATE ${PROJECT_SOURCE_DIR})
  add_executable(dinf_cuda_mlp_tests_${name} ${DINF_EMULATION_DIR}/mlp_tests.cpp $<TARGET_OBJECTS:dinf_cuda_mlp_${name}_kernels>)
  target_include_directories(dinf_cuda_mlp_tests_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(dinf_cuda_mlp_tests_${name} PRIVATE -Wall -Wextra -Wno-psabi)
  target_link_libraries(dinf_cuda_mlp_tests_${name} PRIVATE dinf_cuda_emulation)
  add_test(NAME cuda_mlp_${name} COMMAND dinf_cuda_mlp_tests_${name})
endforeach()
