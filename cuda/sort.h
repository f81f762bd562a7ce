// A stable sort of sample numbers by key: the same order on every run.
#pragma once
#include "cuda/context.h"

namespace dinf::cuda {

class KeySort {
 public:
  KeySort() = default;
  KeySort(Context& context, int64_t count, int bits);
  // Sorts `keys` (below 2^bits) in place and writes the number each of them had before into `numbers`.
  void run(Context& context, uint32_t* keys, uint32_t* numbers) const;

 private:
  int64_t count_ = 0;
  int bits_ = 0;
  Buffer<uint32_t> keys_, numbers_, histogram_;
};

}  // namespace dinf::cuda
