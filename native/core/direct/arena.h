// One block of memory for a factorisation and all that follow on the same grid: pages are touched for the first time once.
#pragma once
#include <cstdint>

namespace dinf {

class Arena {
 public:
  // `count` values, not set. Vectors may be read across both ends.
  // Throws OUT_OF_MEMORY.
  explicit Arena(int64_t count);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  double* data() const { return data_; }

 private:
  void* block_ = nullptr;
  double* data_ = nullptr;
};

}  // namespace dinf
