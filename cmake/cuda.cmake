# Finds nvcc and builds DINF_CUDA_SOURCES, or without it what says so. Gives DINF_CUDA_OBJECTS and DINF_CUDA_LIBRARIES, to be
# linked into the addon.

# CMake looks on PATH and in CUDACXX; toolkits are mostly installed beside it. Through the environment, because check_language
# takes a compiler that is named to it on trust.
if(NOT CMAKE_CUDA_COMPILER)
  unset(CMAKE_CUDA_COMPILER CACHE) # a toolkit may have come since
  if(NOT DEFINED ENV{CUDACXX})
    find_program(DINF_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin PATHS /usr/local/cuda)
    if(DINF_NVCC)
      set(ENV{CUDACXX} ${DINF_NVCC})
    endif()
  endif()
endif()

set(dinf_cuda_works OFF)
if(NOT DINF_CUDA STREQUAL "OFF")
  # Any architecture does for the check, and asking for one keeps CMake from choosing a default that a newer nvcc has dropped.
  set(CMAKE_CUDA_ARCHITECTURES OFF)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(dinf_cuda_works ON)
  elseif(DINF_CUDA STREQUAL "ON")
    message(FATAL_ERROR "DINF_CUDA=ON, and there is no nvcc that works: put it on PATH, or set CUDA_HOME to the toolkit (looked there and in /usr/local/cuda)")
  else()
    message(NOTICE "dinf-grid: no nvcc that works was found, building for the CPU alone (set CUDA_HOME, or -DDINF_CUDA=ON to insist)")
  endif()
endif()

if(NOT dinf_cuda_works)
  set(DINF_CUDA_OBJECTS $<TARGET_OBJECTS:dinf_no_cuda>)
  set(DINF_CUDA_LIBRARIES "")
  return()
endif()

enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # unknown to CMake before 3.26, though nvcc 12 has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
find_package(CUDAToolkit REQUIRED)

# What nvcc can compile for, as numbers.
execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-arch OUTPUT_VARIABLE known OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX MATCHALL "[0-9]+" known "${known}")

if(DINF_CUDA_ARCHITECTURES STREQUAL "release")
  # One of each family that machines with x86-64 have: code for 8.0 runs on 8.6 and 8.9, that for 10.0 on 10.3. Each takes 1.5 MB of a
  # tarball that holds the binaries of all platforms.
  set(real 75 80 90 100 120)
elseif(DINF_CUDA_ARCHITECTURES STREQUAL "native")
  # Asked of the driver's own tool: nvcc -arch=native fails where there is no GPU.
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE real ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" real "${real}")
  string(REPLACE "." "" real "${real}")
  list(REMOVE_DUPLICATES real)
  if(failed OR NOT real)
    set(real 90)
  endif()
else()
  set(real ${DINF_CUDA_ARCHITECTURES})
endif()
set(unknown ${real})
list(REMOVE_ITEM unknown ${known})
if(unknown AND NOT DINF_CUDA_ARCHITECTURES STREQUAL "release")
  message(NOTICE "dinf-grid: nvcc ${CMAKE_CUDA_COMPILER_VERSION} cannot compile for ${unknown}")
endif()
if(unknown)
  list(REMOVE_ITEM real ${unknown})
endif()
if(NOT real) # a GPU newer than the toolkit runs the PTX of the newest architecture that the toolkit knows
  list(SORT known COMPARE NATURAL)
  list(GET known -1 real)
endif()
list(SORT real COMPARE NATURAL)
list(GET real 0 oldest)
list(GET real -1 newest)

# Machine code for each; PTX of the newest for GPUs to come, and of the oldest for those between that were left out.
set(architectures ${real})
list(TRANSFORM architectures APPEND -real)
list(APPEND architectures ${newest}-virtual)
if(NOT DINF_CUDA_ARCHITECTURES STREQUAL "release") # which leaves no family out
  list(APPEND architectures ${oldest}-virtual)
endif()
list(REMOVE_DUPLICATES architectures)
list(JOIN real " " names)
message(STATUS "CUDA ${CMAKE_CUDA_COMPILER_VERSION} for ${names}")

add_library(dinf_cuda OBJECT ${DINF_CUDA_SOURCES})
set_target_properties(dinf_cuda PROPERTIES
  CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS ON
  CUDA_ARCHITECTURES "${architectures}"
  CUDA_VISIBILITY_PRESET hidden
  CUDA_RUNTIME_LIBRARY Static)
target_include_directories(dinf_cuda PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/native)
target_compile_definitions(dinf_cuda PRIVATE "DINF_CUDA_ARCHITECTURES=\"${names}\"")
target_compile_options(dinf_cuda PRIVATE
  --threads=2 ${DINF_CUDA_OPTIONS} -Xfatbin=-compress-all -Xptxas=-v
  -Xcompiler=-Wall,-Wno-psabi,-Wno-unknown-pragmas,-ffunction-sections,-fdata-sections)
if(DINF_CUDA_ARCHITECTURES STREQUAL "release" AND NOT CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
  target_compile_options(dinf_cuda PRIVATE --compress-mode=size)
endif()
# ptxas says how many registers each kernel takes and what it spills; scripts/kernel-resources.mjs reads it.
set_target_properties(dinf_cuda PROPERTIES
  RULE_LAUNCH_COMPILE "\"${CMAKE_COMMAND}\" -DLOG=<OBJECT>.ptxas -P \"${CMAKE_CURRENT_SOURCE_DIR}/cmake/keep-output.cmake\" -- ")
set(DINF_CUDA_OBJECTS $<TARGET_OBJECTS:dinf_cuda>)
set(DINF_CUDA_LIBRARIES CUDA::cudart_static)
