// Products of a dense matrix with rows of vectors: what the layers of an MLP spend their time in.
//
// A block is kRows x kColumns accumulators that stay in registers: kColumns loads and kRows broadcasts for kRows x kColumns
// multiply-adds, 24 of them for 10 loads with 512-bit vectors. Matrices that are used again are packed into panels of kRows rows,
// so that the broadcasts of a block walk through memory without a stride.
#pragma once
#include "cpu/isa/simd.h"

DINF_MATH_BEGIN

template <class Real>
struct Product {
  using V = typename Simd<Real>::V;
  static constexpr int W = Simd<Real>::W;
  static constexpr int kRows = DINF_VECTOR_BYTES == 64 ? 6 : 4, kColumns = DINF_VECTOR_BYTES == 64 ? 4 : 2;

  // A matrix as the kernel reads it: a(i, k) at data[(i / kRows) * panelStride + (i % kRows) * rowStride + k * columnStride].
  struct Matrix {
    const Real* data;
    int64_t panelStride, rowStride, columnStride;
  };

  static int64_t packedSize(int rows, int depth) { return int64_t{(rows + kRows - 1) / kRows} * kRows * depth; }

  // Panels [rows / kRows][depth][kRows] of a(i, k) = from[i * rowStride + k * columnStride]; missing rows are 0.
  static Matrix pack(const Real* from, int64_t rowStride, int64_t columnStride, int rows, int depth, Real* to) {
    for (int row = 0; row < rows; row += kRows) {
      Real* panel = to + int64_t{row} * depth;
      for (int k = 0; k < depth; ++k)
        for (int i = 0; i < kRows; ++i) panel[k * kRows + i] = row + i < rows ? from[(row + i) * rowStride + k * columnStride] : Real(0);
    }
    return {to, int64_t{kRows} * depth, 1, kRows};
  }
  static Matrix plain(const Real* data, int64_t rowStride) { return {data, kRows * rowStride, rowStride, 1}; }

  // out[i][v] = bias_i for v < lanes, + sum_k a(i, k) x[k][v] (+ out[i][v]), v < width, a multiple of W.
  struct Call {
    Matrix a;
    int rows, depth;
    int64_t width;
    const Real* x;
    int64_t xStride;
    Real* out;
    int64_t outStride;
    const Real* bias = nullptr;
    int64_t lanes = 0;
    bool add = false;
  };

  template <int H, int C>
  static DINF_INLINE void block(const Call& call, int row, int64_t v) {
    V sum[H][C];
    Real* out = call.out + row * call.outStride + v;
#pragma GCC unroll 8
    for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) {
        sum[i][c] = call.bias && v + c * W < call.lanes ? V{} + call.bias[row + i] : V{};
        if (call.add) sum[i][c] += load<V>(out + i * call.outStride + c * W);
      }
    const int64_t rowStride = call.a.rowStride, columnStride = call.a.columnStride, xStride = call.xStride;
    const Real* factor = call.a.data + row / kRows * call.a.panelStride;
    const Real* x = call.x + v;
    for (int k = 0; k < call.depth; ++k, factor += columnStride, x += xStride) {
      V value[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) value[c] = load<V>(x + c * W);
#pragma GCC unroll 8
      for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum[i][c] += value[c] * factor[i * rowStride];
    }
#pragma GCC unroll 8
    for (int i = 0; i < H; ++i)
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) store<V>(out + i * call.outStride + c * W, sum[i][c]);
  }
  template <int C>
  static void rowsOf(const Call& call, int64_t v) {
    int row = 0;
    for (; row + kRows <= call.rows; row += kRows) block<kRows, C>(call, row, v);
    switch (call.rows - row) {
      case 1: block<1, C>(call, row, v); break;
      case 2: block<2, C>(call, row, v); break;
      case 3: block<3, C>(call, row, v); break;
      case 4: block<4 <= kRows ? 4 : 1, C>(call, row, v); break;
      case 5: block<5 <= kRows ? 5 : 1, C>(call, row, v); break;
      default: break;
    }
  }
  static void run(const Call& call) {
    int64_t v = 0;
    for (; v + kColumns * W <= call.width; v += kColumns * W) rowsOf<kColumns>(call, v);
    if (kColumns > 2)
      for (; v + 2 * W <= call.width; v += 2 * W) rowsOf<2>(call, v);
    for (; v < call.width; v += W) rowsOf<1>(call, v);
  }

  static int64_t roundUp(int64_t n) { return (n + W - 1) / W * W; }
  // to[v][c] = from[c][v], rows of `to` roundUp(rows) long and filled with 0; width a multiple of W.
  static void transposed(const Real* from, int rows, int64_t width, Real* to) {
    const int64_t stride = roundUp(rows);
    for (int64_t c = 0; c < stride; c += W)
      for (int64_t v = 0; v < width; v += W) {
        V r[W];
        for (int i = 0; i < W; ++i) r[i] = c + i < rows ? load<V>(from + (c + i) * width + v) : V{};
        transpose<Real>(r);
        for (int i = 0; i < W; ++i) store<V>(to + (v + i) * stride + c, r[i]);
      }
  }
};

DINF_MATH_END
