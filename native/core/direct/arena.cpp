#include "core/direct/arena.h"
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include "core/check.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace dinf {
namespace {
constexpr std::size_t kAlignment = std::size_t{2} << 20;  // a huge page
constexpr int64_t kMargin = 8;                            // values of the widest vector
}  // namespace

Arena::Arena(int64_t count) {
  check(count < static_cast<int64_t>(SIZE_MAX >> 4), ErrorCode::outOfMemory, "the factorisation has more values than there are addresses");
  const std::size_t bytes = (static_cast<std::size_t>(count + 2 * kMargin) * sizeof(double) + kAlignment - 1) / kAlignment * kAlignment;
  block_ = ::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow);
  check(block_ != nullptr, ErrorCode::outOfMemory, "the factorisation needs " + std::to_string(bytes) + " bytes, which the system does not give");
#if defined(__linux__)
  madvise(block_, bytes, MADV_HUGEPAGE);
#endif
  data_ = static_cast<double*>(block_) + kMargin;
  // Vectors that reach over an end read these.
  for (int64_t i = 0; i < kMargin; ++i) data_[i - kMargin] = data_[count + i] = 0;
}

Arena::~Arena() { ::operator delete(block_, std::align_val_t{kAlignment}); }

}  // namespace dinf
