# Tests of the CUDA backend's ops on the emulated device, without and with the race detector: op_tests/<name>_tests.cpp each. All link the
# whole backend, whose objects the emulated addon has as well.
set(DINF_OP_TESTS encoder fold mlp program refine sort vector)
dinf_emulated_sources(dinf_cuda_emulated_races RACES ${DINF_CUDA_SOURCES})
target_compile_definitions(dinf_cuda_emulated_races PRIVATE "DINF_CUDA_ARCHITECTURES=\"emulated\"")

function(dinf_op_test test name objects)
  add_executable(dinf_${test}_tests_${name} ${DINF_EMULATION_DIR}/op_tests/${test}_tests.cpp $<TARGET_OBJECTS:${objects}>
    $<TARGET_OBJECTS:dinf_core> ${DINF_CPU_OBJECTS})
  target_include_directories(dinf_${test}_tests_${name} BEFORE PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(dinf_${test}_tests_${name} PRIVATE dinf_cuda_emulation dinf_options)
  add_test(NAME cuda_${test}_${name} COMMAND dinf_${test}_tests_${name})
  set(DINF_EMULATED_TESTS ${DINF_EMULATED_TESTS} dinf_${test}_tests_${name} PARENT_SCOPE)
endfunction()

foreach(test IN LISTS DINF_OP_TESTS)
  dinf_op_test(${test} normal dinf_cuda_emulated_objects)
  dinf_op_test(${test} races dinf_cuda_emulated_races)
endforeach()
# What a backend does as a whole: recordings, devices, limits of memory.
dinf_op_test(backend normal dinf_cuda_emulated_objects)
