# Tests of the CUDA backend's ops on the emulated device, without and with the race detector: op_tests/<name>_tests.cpp each.
set(DINF_OP_SOURCES cuda/context.cu cuda/fold.cu cuda/program.cu cuda/slots.cu cuda/vector.cu)
set(DINF_OP_TESTS fold program vector)

foreach(mode NORMAL RACES)
  string(TOLOWER ${mode} name)
  dinf_emulated_sources(dinf_ops_${name} ${mode} ${DINF_OP_SOURCES})
  target_include_directories(dinf_ops_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  foreach(test IN LISTS DINF_OP_TESTS)
    add_executable(dinf_${test}_tests_${name} ${CMAKE_CURRENT_LIST_DIR}/${test}_tests.cpp $<TARGET_OBJECTS:dinf_ops_${name}>
      $<TARGET_OBJECTS:dinf_core> ${DINF_CPU_OBJECTS} $<TARGET_OBJECTS:dinf_no_cuda>)
    target_include_directories(dinf_${test}_tests_${name} BEFORE PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(dinf_${test}_tests_${name} PRIVATE dinf_cuda_emulation dinf_options)
    add_test(NAME cuda_${test}_${name} COMMAND dinf_${test}_tests_${name})
  endforeach()
endforeach()
