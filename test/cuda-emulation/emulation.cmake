# The emulated CUDA device, and how a .cu source is compiled for it. Included under DINF_CUDA_EMULATED.
#
#   dinf_emulated_sources(my_kernels RACES|NORMAL cuda/a.cu cuda/b.cu ...)   # an object library
#   add_executable(my_test test.cpp $<TARGET_OBJECTS:my_kernels>)            # the objects, in their order
#   target_link_libraries(my_test PRIVATE dinf_cuda_emulation)               # the device, and the include path
set(DINF_EMULATION_DIR ${CMAKE_CURRENT_LIST_DIR})
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "the emulated CUDA device needs g++ (-fno-extern-tls-init, the order of thread_local variables)")
endif()

add_library(dinf_cuda_emulation_objects OBJECT
  ${DINF_EMULATION_DIR}/device.cpp
  ${DINF_EMULATION_DIR}/execution.cpp
  ${DINF_EMULATION_DIR}/failures.cpp
  ${DINF_EMULATION_DIR}/fibres.cpp
  ${DINF_EMULATION_DIR}/instrumentation.cpp
  ${DINF_EMULATION_DIR}/memory.cpp
  ${DINF_EMULATION_DIR}/races.cpp
  ${DINF_EMULATION_DIR}/shared_memory.cpp
  ${DINF_EMULATION_DIR}/streams.cpp
  ${DINF_EMULATION_DIR}/tensor_cores.cpp
  ${DINF_EMULATION_DIR}/translations.cpp)
target_include_directories(dinf_cuda_emulation_objects BEFORE PUBLIC ${DINF_EMULATION_DIR})
# DWARF 4: addr2line of binutils 2.40 takes a header for its source in the version that g++ writes by default.
set(DINF_EMULATION_FLAGS -O2 -g1 -gdwarf-4 -fno-extern-tls-init)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND DINF_EMULATION_FLAGS -march=x86-64-v3)
endif()
target_compile_options(dinf_cuda_emulation_objects PRIVATE -Wall -Wextra ${DINF_EMULATION_FLAGS})

# Linking this brings the device's objects and, for what includes emulation.h or .cu headers, the include path.
add_library(dinf_cuda_emulation INTERFACE)
target_sources(dinf_cuda_emulation INTERFACE $<TARGET_OBJECTS:dinf_cuda_emulation_objects>)
target_include_directories(dinf_cuda_emulation BEFORE INTERFACE ${DINF_EMULATION_DIR} ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/native ${PROJECT_SOURCE_DIR}/cuda)
target_link_libraries(dinf_cuda_emulation INTERFACE Threads::Threads ${CMAKE_DL_LIBS})

# RACES compiles for the race detector: about ten times slower a memory access, every conflict reported.
function(dinf_emulated_sources target mode)
  if(NOT mode MATCHES "^(RACES|NORMAL)$")
    message(FATAL_ERROR "dinf_emulated_sources(${target} ...): the mode is RACES or NORMAL, not ${mode}")
  endif()
  set(sources)
  foreach(source IN LISTS ARGN)
    get_filename_component(source ${source} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
    set_source_files_properties(${source} PROPERTIES LANGUAGE CXX)
    list(APPEND sources ${source})
  endforeach()
  # In this order: the marks tell which thread_local variables are shared memory.
  add_library(${target} OBJECT ${DINF_EMULATION_DIR}/shared_begin.cpp ${sources} ${DINF_EMULATION_DIR}/shared_end.cpp)
  string(MAKE_C_IDENTIFIER ${target} range)
  target_compile_definitions(${target} PRIVATE DINF_SHARED_RANGE=${range})
  target_include_directories(${target} BEFORE PRIVATE ${DINF_EMULATION_DIR} ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/native ${PROJECT_SOURCE_DIR}/cuda)
  target_compile_options(${target} PRIVATE -x c++ -Wall -Wextra -Wno-unknown-pragmas ${DINF_EMULATION_FLAGS})
  if(mode STREQUAL "RACES")
    target_compile_options(${target} PRIVATE -fsanitize=thread --param=tsan-instrument-func-entry-exit=0 --param=tsan-distinguish-volatile=1)
  endif()
endfunction()
