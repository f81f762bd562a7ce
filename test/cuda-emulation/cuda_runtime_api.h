// What includes the host side of the runtime alone gets all of it.
#pragma once
#include <cuda_runtime.h>
