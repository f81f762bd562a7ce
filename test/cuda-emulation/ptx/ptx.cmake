# The kernels as nvcc compiles them: its PTX of every CUDA source, translated to C++ and run by the emulated device in place of what g++
# makes of the sources. Needs nvcc, and no GPU. Gives
#   dinf_grid_ptx         build/ptx/dinf_grid.node, for the conformance suite (scripts/ptx-tests.sh)
#   dinf_grid_ptx_counts  build/ptx-counts/dinf_grid.node, which counts what it executes (scripts/kernel-counts.mjs)
#   dinf_ptx_kernels      objects, for the tests of the ops
set(DINF_PTX_COMPILER ${CMAKE_CUDA_COMPILER})
if(NOT DINF_PTX_COMPILER)
  find_program(DINF_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin PATHS /usr/local/cuda)
  set(DINF_PTX_COMPILER ${DINF_NVCC})
endif()
if(NOT DINF_PTX_COMPILER)
  return()
endif()

set(dinf_ptx_dir ${CMAKE_CURRENT_BINARY_DIR}/ptx)
file(MAKE_DIRECTORY ${dinf_ptx_dir})
file(GLOB dinf_ptx_scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/ptx-to-cpp.mjs ${PROJECT_SOURCE_DIR}/scripts/ptx/*.mjs)
set(dinf_ptx_sources)
foreach(source IN LISTS DINF_CUDA_SOURCES)
  get_filename_component(name ${source} NAME_WE)
  set(ptx ${dinf_ptx_dir}/${name}.ptx)
  # As cmake/cuda.cmake has it compiled, for one architecture.
  add_custom_command(OUTPUT ${ptx}
    COMMAND ${DINF_PTX_COMPILER} -ptx -arch=compute_90 -std=c++20 -O3 -DNDEBUG ${DINF_CUDA_OPTIONS} -DDINF_CUDA_ARCHITECTURES=\"90\"
      -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/native -MD -MF ${ptx}.d -o ${ptx} ${PROJECT_SOURCE_DIR}/${source}
    DEPENDS ${PROJECT_SOURCE_DIR}/${source} DEPFILE ${ptx}.d VERBATIM COMMENT "PTX of ${source}")
  add_custom_command(OUTPUT ${ptx}.cpp
    COMMAND node ${PROJECT_SOURCE_DIR}/scripts/ptx-to-cpp.mjs ${ptx} ${ptx}.cpp
    DEPENDS ${ptx} ${dinf_ptx_scripts} VERBATIM COMMENT "C++ of ${name}.ptx")
  list(APPEND dinf_ptx_sources ${ptx}.cpp)
endforeach()
# One target that makes them: two would do so at once.
add_custom_target(dinf_ptx_sources DEPENDS ${dinf_ptx_sources})

function(dinf_ptx_objects target)
  add_library(${target} OBJECT ${dinf_ptx_sources} ${ARGN})
  add_dependencies(${target} dinf_ptx_sources)
  target_include_directories(${target} BEFORE PRIVATE ${DINF_EMULATION_DIR})
  # -O1: sources of a hundred thousand lines, run for seconds. The PTX says itself what is fused and what is not.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-unused-variable -Wno-unused-but-set-variable
    -Wno-unused-label ${DINF_EMULATION_FLAGS} -O1 -g0 -ffp-contract=off -fno-strict-aliasing)
endfunction()
dinf_ptx_objects(dinf_ptx_kernels)
dinf_ptx_objects(dinf_ptx_kernels_counts ${CMAKE_CURRENT_LIST_DIR}/counts.cpp)
target_compile_definitions(dinf_ptx_kernels_counts PRIVATE DINF_PTX_COUNTS)

if(DINF_ADDON)
  foreach(suffix "" _counts)
    add_library(dinf_grid_ptx${suffix} SHARED $<TARGET_OBJECTS:dinf_addon> $<TARGET_OBJECTS:dinf_core> ${DINF_CPU_OBJECTS}
      $<TARGET_OBJECTS:dinf_cuda_emulated_objects> $<TARGET_OBJECTS:dinf_ptx_kernels${suffix}>)
    target_link_libraries(dinf_grid_ptx${suffix} PRIVATE dinf_options dinf_cuda_emulation)
    string(REPLACE "_" "-" folder ptx${suffix})
    set_target_properties(dinf_grid_ptx${suffix} PROPERTIES PREFIX "" SUFFIX ".node" OUTPUT_NAME dinf_grid
      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_SOURCE_DIR}/build/${folder})
  endforeach()
endif()
