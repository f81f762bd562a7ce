# Tests of the CUDA backend's ops on the emulated device, without and with the race detector: op_tests/<name>_tests.cpp each. All link the
# whole backend, whose objects the emulated addon has as well.
set(DINF_OP_TESTS encoder fold mlp program refine sort vector)
dinf_emulated_sources(dinf_cuda_emulated_races RACES ${DINF_CUDA_SOURCES})
target_compile_definitions(dinf_cuda_emulated_races PRIVATE "DINF_CUDA_ARCHITECTURES=\"emulated\"")

# A test is compiled once, whatever it is linked with: the detector watches kernels alone.
function(dinf_op_test test)
  add_library(dinf_${test}_test OBJECT ${DINF_EMULATION_DIR}/op_tests/${test}_tests.cpp)
  target_include_directories(dinf_${test}_test BEFORE PRIVATE ${DINF_EMULATION_DIR} ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/cuda)
  target_link_libraries(dinf_${test}_test PRIVATE dinf_options)
  foreach(name IN LISTS ARGN)
    set(objects dinf_cuda_emulated_objects)
    if(name STREQUAL "races")
      set(objects dinf_cuda_emulated_races)
    endif()
    add_executable(dinf_${test}_tests_${name} $<TARGET_OBJECTS:dinf_${test}_test> $<TARGET_OBJECTS:${objects}> $<TARGET_OBJECTS:dinf_core>
      ${DINF_CPU_OBJECTS})
    target_link_libraries(dinf_${test}_tests_${name} PRIVATE dinf_cuda_emulation dinf_options)
    add_test(NAME cuda_${test}_${name} COMMAND dinf_${test}_tests_${name})
    list(APPEND DINF_EMULATED_TESTS dinf_${test}_tests_${name})
  endforeach()
  set(DINF_EMULATED_TESTS ${DINF_EMULATED_TESTS} PARENT_SCOPE)
endfunction()

foreach(test IN LISTS DINF_OP_TESTS)
  dinf_op_test(${test} normal races)
endforeach()
# What a backend does as a whole: recordings, devices, limits of memory.
dinf_op_test(backend normal)
# Programs plan for the shared memory of the device that is there.
foreach(model t4 ada a100)
  add_test(NAME cuda_program_${model} COMMAND dinf_program_tests_normal columns)
  set_tests_properties(cuda_program_${model} PROPERTIES ENVIRONMENT DINF_EMULATION_MODEL=${model})
endforeach()
