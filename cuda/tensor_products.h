// Products of floats by tensor cores. A number of 24 significant bits is the sum of two of 11 (tf32) and a rest below 2^-22 of it, so
// three products of such parts give what one product of floats does:
//
//   a b = a_low b_high + a_high b_low + a_high b_high,  a_low b_low < 2^-22 |a b| left out.
//
// `Parts` is 2 for that, and 1 for products of 11 bits alone (tf32 as frameworks have it), which a caller has to ask for.
#pragma once
#include "cuda/tensor_cores.h"

namespace dinf::cuda {

// Parts of a number, the high one rounded to nearest.
template <int Parts>
__device__ __forceinline__ void split(float x, uint32_t& high, uint32_t& low) {
  high = tf32(x);
  if constexpr (Parts == 2) low = tf32(x - __uint_as_float(high));
}

// What a warp multiplies at a time: 16 * RowTiles rows times 8 * ColumnTiles columns, eight terms of the sums. `a(row, term)` and
// `b(term, column)` read the matrices; rows, terms and columns count from the warp's first.
template <int RowTiles, int ColumnTiles, int Parts, class A, class B>
__device__ __forceinline__ void multiplyEight(float (&sum)[RowTiles][ColumnTiles][4], A a, B b) {
  const int group = static_cast<int>(threadIdx.x) % 32 / 4, within = static_cast<int>(threadIdx.x) % 4;
  uint32_t columnHigh[ColumnTiles][2], columnLow[ColumnTiles][2];
#pragma unroll
  for (int n = 0; n < ColumnTiles; ++n)
#pragma unroll
    for (int i = 0; i < 2; ++i) split<Parts>(b(within + 4 * i, group + 8 * n), columnHigh[n][i], columnLow[n][i]);
#pragma unroll
  for (int m = 0; m < RowTiles; ++m) {
    uint32_t high[4], low[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) split<Parts>(a(group + 16 * m + 8 * (i % 2), within + 4 * (i / 2)), high[i], low[i]);
    if constexpr (Parts == 2) {
      // Tensor cores cut their sums off towards zero, which over hundreds of terms is an error of its own: eight are summed there, the
      // small products first, and sums of eight are rounded to nearest. Two tiles at a time: there are no registers for more.
      static_assert(ColumnTiles % 2 == 0);
#pragma unroll
      for (int n = 0; n < ColumnTiles; n += 2) {
        float eight[2][4] = {};
#pragma unroll
        for (int k = 0; k < 2; ++k) multiplyAdd(eight[k], low, columnHigh[n + k]);
#pragma unroll
        for (int k = 0; k < 2; ++k) multiplyAdd(eight[k], high, columnLow[n + k]);
#pragma unroll
        for (int k = 0; k < 2; ++k) multiplyAdd(eight[k], high, columnHigh[n + k]);
#pragma unroll
        for (int k = 0; k < 2; ++k)
#pragma unroll
          for (int i = 0; i < 4; ++i) sum[m][n + k][i] += eight[k][i];
      }
    } else {
#pragma unroll
      for (int n = 0; n < ColumnTiles; ++n) multiplyAdd(sum[m][n], high, columnHigh[n]);
    }
  }
}

// Can `values` neighbours be reached at once, in every row?
inline bool alignedTo(const void* data, int64_t stride, int values) {
  return stride % values == 0 && reinterpret_cast<uintptr_t>(data) % (values * sizeof(float)) == 0;
}

}  // namespace dinf::cuda
