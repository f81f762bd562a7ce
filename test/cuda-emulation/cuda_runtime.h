// A stand-in for <cuda_runtime.h>, for tests alone: the .cu sources compiled by the host's C++ compiler, run on one CPU thread by
// fibres. Found first on the include path, so that the sources stay ordinary CUDA. See README.md for what it shows and hides.
#pragma once
#include "emulated/language.h"
//
#include "emulated/api.h"
#include "emulated/atomics.h"
#include "emulated/execution.h"
#include "emulated/intrinsics.h"
