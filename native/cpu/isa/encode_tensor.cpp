// Tensor-product samples, applied axis by axis. A slab is kLanes neighbouring samples of axis 0 times all samples of the
// other axes; lanes are the samples of axis 0, so that every later contraction is vertical.
//
//   lead: for each of the 16 samples contract axis 0 along contiguous rows, then transpose 16 x 16      (rest nodes, lane)
//   mid:  (3-D) for one sample of axis 1 contract axis 1                                              (last nodes, lane)
//   last: for each sample of the last axis contract it, all levels summed in a register               (samples, lane)
//
// Budget, 2-D, n samples an axis, T taps, a slab and level: lead 16 n T + last 16 n T fused multiply-adds a plane; the
// intermediate (n nodes x 16 lanes, 33 KB in float at n = 512) stays in the second-level cache. The adjoint holds the nodes that
// it adds to in registers: without, each addition would wait for the store of the one before it.
#include "cpu/isa/table.h"
#include "cpu/isa/simd.h"

DINF_MATH_BEGIN

namespace {

template <class Real>
struct Slabs {
  using V = typename Simd<Real>::V;
  static constexpr int W = Simd<Real>::W, G = kLanes / W;
  using Call = TensorCall<Real>;
  using Level = TensorLevel<Real>;

  static int64_t rest(const Level& level) { return level.rowStride; }

  // Bit a of the mask: some plane needs order a on axis 0.
  static unsigned leadMask(const Call& call) {
    unsigned mask = 0;
    for (int p = 0; p < call.planes; ++p) mask |= 1u << call.lead[p];
    return mask;
  }

  static void contractLead(const Level& level, const Real* plane, int order, int64_t slab, Real* out) {
    const int taps = level.lead.taps;
    const int32_t* start = level.lead.start + slab * kLanes;
    const Real* weight = level.lead.weight + (order * level.lead.count + slab * kLanes) * taps;
    for (int64_t i = 0; i < rest(level); i += W)
      for (int g = 0; g < G; ++g) {
        V row[W];
#pragma GCC unroll 16
        for (int l = 0; l < W; ++l) {
          const int q = g * W + l;
          const Real* w = weight + q * taps;
          const Real* node = plane + (start[q] - level.firstRow) * level.rowStride + i;
          V sum = load<V>(node) * w[0];
          for (int j = 1; j < taps; ++j) sum += load<V>(node + j * level.rowStride) * w[j];
          row[l] = sum;
        }
        transpose<Real>(row);
#pragma GCC unroll 16
        for (int k = 0; k < W; ++k) store<V>(out + (i + k) * kLanes + g * W, row[k]);
      }
  }

  // The nodes that the samples of one axis add to, T at a time, in registers while the cell moves on by at most one node: a
  // node is loaded and stored once for all samples that reach it. `Rows(node)` points at a node's first vector.
  template <int T, int C, class Rows>
  struct Window {
    V sum[T][C];
    Rows rows;
    int32_t first;
    DINF_INLINE Window(Rows rows, int32_t first) : rows(rows), first(first) {
#pragma GCC unroll 16
      for (int j = 0; j < T; ++j)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) sum[j][c] = V{};
    }
    DINF_INLINE void flush(int j) {
      Real* at = rows(first + j);
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) {
        store<V>(at + c * W, load<V>(at + c * W) + sum[j][c]);
        sum[j][c] = V{};
      }
    }
    DINF_INLINE void flushAll() {
#pragma GCC unroll 16
      for (int j = 0; j < T; ++j) flush(j);
    }
    DINF_INLINE void moveTo(int32_t start) {
      if (start == first) return;
      if (start == first + 1) {
        flush(0);
#pragma GCC unroll 16
        for (int j = 0; j + 1 < T; ++j)
#pragma GCC unroll 4
          for (int c = 0; c < C; ++c) sum[j][c] = sum[j + 1][c];
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) sum[T - 1][c] = V{};
      } else {
        flushAll();
      }
      first = start;
    }
    DINF_INLINE void add(const V* value, const Real* w) {
#pragma GCC unroll 16
      for (int j = 0; j < T; ++j)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) sum[j][c] += value[c] * w[j];
    }
  };
  template <int T, int C, class Rows>
  static DINF_INLINE Window<T, C, Rows> window(Rows rows, int32_t first) {
    return Window<T, C, Rows>(rows, first);
  }

  template <int T>
  static void spreadLead(const Level& level, Real* plane, int order, int64_t slab, const Real* in) {
    const int32_t* start = level.lead.start + slab * kLanes;
    const Real* weight = level.lead.weight + (order * level.lead.count + slab * kLanes) * T;
    for (int64_t i = 0; i < rest(level); i += W) {
      auto nodes = window<T, 1>([&](int32_t node) { return plane + (node - level.firstRow) * level.rowStride + i; }, start[0]);
      for (int g = 0; g < G; ++g) {
        V row[W];
#pragma GCC unroll 16
        for (int k = 0; k < W; ++k) row[k] = load<V>(in + (i + k) * kLanes + g * W);
        transpose<Real>(row);
#pragma GCC unroll 16
        for (int l = 0; l < W; ++l) {
          nodes.moveTo(start[g * W + l]);
          nodes.add(&row[l], weight + (g * W + l) * T);
        }
      }
      nodes.flushAll();
    }
  }

  template <int T>
  static void spreadLast(const AxisTable<Real>& last, const Real* weight, const Real* from, Real* to) {
    auto nodes = window<T, G>([to](int32_t node) { return to + node * kLanes; }, last.start[0]);
    for (int64_t q = 0; q < last.count; ++q) {
      V value[G];
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) value[g] = load<V>(from + q * kLanes + g * W);
      nodes.moveTo(last.start[q]);
      nodes.add(value, weight + q * T);
    }
    nodes.flushAll();
  }

  // One plane at all samples of the last axis, all levels summed. With the taps unrolled several samples are in flight at once,
  // which hides the latency of each one's chain of additions.
  template <int T>
  static void gatherLast(const Call& call, int p, const Real* const* nodes, Real* to) {
    const int64_t count = call.level[0].last.count;
    for (int64_t q = 0; q < count; ++q) {
      V sum[G] = {};
      for (int s = 0; s < call.levels; ++s) {
        const AxisTable<Real>& last = call.level[s].last;
        const Real* w = last.weight + (call.last[p] * count + q) * T;
        const Real* node = nodes[s] + last.start[q] * kLanes;
#pragma GCC unroll 16
        for (int j = 0; j < T; ++j)
#pragma GCC unroll 4
          for (int g = 0; g < G; ++g) sum[g] += load<V>(node + j * kLanes + g * W) * w[j];
      }
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) store<V>(to + q * kLanes + g * W, sum[g]);
    }
  }

  // Calls f with the number of taps as a constant. An axis that does not exist has one.
  template <class F>
  static DINF_INLINE void byTaps(int taps, F f) {
    switch (taps) {
      case 1: f(Taps<1>{}); break;
      case 2: f(Taps<2>{}); break;
      case 4: f(Taps<4>{}); break;
      case 6: f(Taps<6>{}); break;
      case 8: f(Taps<8>{}); break;
      default: f(Taps<10>{}); break;
    }
  }
  template <int T>
  struct Taps {
    static constexpr int count = T;
  };

  // 3-D only: nodes of the last axis for sample q1 of the middle axis.
  static void contractMid(const Level& level, const Real* lead, int order, int64_t q, Real* out) {
    const Real* weight = level.mid.weight + (order * level.mid.count + q) * level.mid.taps;
    const Real* from = lead + level.mid.start[q] * level.midStride * kLanes;
    for (int64_t i = 0; i < level.lastNodes * kLanes; i += W) {
      V sum = load<V>(from + i) * weight[0];
      for (int j = 1; j < level.mid.taps; ++j) sum += load<V>(from + j * level.midStride * kLanes + i) * weight[j];
      store<V>(out + i, sum);
    }
  }

  static void spreadMid(const Level& level, Real* lead, int order, int64_t q, const Real* in) {
    const Real* weight = level.mid.weight + (order * level.mid.count + q) * level.mid.taps;
    Real* to = lead + level.mid.start[q] * level.midStride * kLanes;
    for (int64_t i = 0; i < level.lastNodes * kLanes; i += W) {
      const V value = load<V>(in + i);
      for (int j = 0; j < level.mid.taps; ++j) {
        Real* at = to + j * level.midStride * kLanes + i;
        store<V>(at, load<V>(at) + value * weight[j]);
      }
    }
  }

  // Where each level's intermediates lie in the scratch: orders of axis 0, then (in 3-D) pairs of orders of axes 0 and 1.
  struct Layout {
    Real* lead[kMaxLevels];
    Real* mid[kMaxLevels];
    int64_t leadStride[kMaxLevels], midStride[kMaxLevels];
  };
  static Layout layout(const Call& call, Real* scratch) {
    Layout at;
    for (int s = 0; s < call.levels; ++s) {
      const Level& level = call.level[s];
      at.leadStride[s] = (rest(level) + 2 * kLanes) * kLanes;
      at.midStride[s] = (level.lastNodes + kLanes) * kLanes;
      at.lead[s] = scratch;
      scratch += call.leadOrders * at.leadStride[s];
      at.mid[s] = scratch;
      scratch += int64_t{call.leadOrders} * call.midOrders * at.midStride[s];
    }
    return at;
  }
  static bool hasMid(const Call& call) { return call.level[0].midNodes > 1; }

  // The nodes of the last axis that plane p reads at level s.
  static Real* lastNodes(const Call& call, const Layout& at, int s, int p) {
    return hasMid(call) ? at.mid[s] + (call.lead[p] * call.midOrders + call.mid[p]) * at.midStride[s]
                        : at.lead[s] + call.lead[p] * at.leadStride[s];
  }

  // Calls f(leadOrder, midOrder) once for each pair that some plane needs.
  template <class F>
  static void eachPair(const Call& call, F f) {
    for (int a = 0; a < call.leadOrders; ++a)
      for (int b = 0; b < call.midOrders; ++b)
        for (int p = 0; p < call.planes; ++p)
          if (call.lead[p] == a && call.mid[p] == b) {
            f(a, b);
            break;
          }
  }

  static void forward(const Call& call, const Real* packed, int64_t slab, Real* out, int64_t planeStride, Real* scratch) {
    const Layout at = layout(call, scratch);
    const unsigned mask = leadMask(call);
    for (int s = 0; s < call.levels; ++s)
      for (int a = 0; a < call.leadOrders; ++a)
        if (mask >> a & 1)
          contractLead(call.level[s], packed + call.level[s].offset, a, slab, at.lead[s] + a * at.leadStride[s]);

    const int64_t midCount = call.level[0].mid.count, lastCount = call.level[0].last.count;
    for (int64_t q1 = 0; q1 < midCount; ++q1) {
      if (hasMid(call))
        for (int s = 0; s < call.levels; ++s)
          eachPair(call, [&](int a, int b) {
            contractMid(call.level[s], at.lead[s] + a * at.leadStride[s], b, q1,
                        at.mid[s] + (a * call.midOrders + b) * at.midStride[s]);
          });
      for (int p = 0; p < call.planes; ++p) {
        const Real* nodes[kMaxLevels];
        for (int s = 0; s < call.levels; ++s) nodes[s] = lastNodes(call, at, s, p);
        Real* to = out + p * planeStride + q1 * lastCount * kLanes;
        byTaps(call.level[0].last.taps, [&](auto taps) { gatherLast<decltype(taps)::count>(call, p, nodes, to); });
      }
    }
  }

  static void clear(Real* at, int64_t count) {
    for (int64_t i = 0; i < count; ++i) at[i] = 0;
  }

  static void adjoint(const Call& call, Real* accumulator, int64_t slab, const Real* in, int64_t planeStride, Real* scratch) {
    const Layout at = layout(call, scratch);
    const unsigned mask = leadMask(call);
    const int64_t midCount = call.level[0].mid.count, lastCount = call.level[0].last.count;
    for (int s = 0; s < call.levels; ++s)
      for (int a = 0; a < call.leadOrders; ++a)
        if (mask >> a & 1) clear(at.lead[s] + a * at.leadStride[s], at.leadStride[s]);

    for (int64_t q1 = 0; q1 < midCount; ++q1) {
      for (int s = 0; s < call.levels; ++s) {
        const AxisTable<Real>& last = call.level[s].last;
        if (hasMid(call))
          eachPair(call, [&](int a, int b) { clear(at.mid[s] + (a * call.midOrders + b) * at.midStride[s], at.midStride[s]); });
        for (int p = 0; p < call.planes; ++p) {
          Real* nodes = lastNodes(call, at, s, p);
          const Real* from = in + p * planeStride + q1 * lastCount * kLanes;
          const Real* weight = last.weight + call.last[p] * last.count * last.taps;
          byTaps(last.taps, [&](auto taps) { spreadLast<decltype(taps)::count>(last, weight, from, nodes); });
        }
        if (hasMid(call))
          eachPair(call, [&](int a, int b) {
            spreadMid(call.level[s], at.lead[s] + a * at.leadStride[s], b, q1,
                      at.mid[s] + (a * call.midOrders + b) * at.midStride[s]);
          });
      }
    }
    for (int s = 0; s < call.levels; ++s)
      for (int a = 0; a < call.leadOrders; ++a)
        if (mask >> a & 1)
          byTaps(call.level[s].lead.taps, [&](auto taps) {
            spreadLead<decltype(taps)::count>(call.level[s], accumulator + call.level[s].offset, a, slab,
                                              at.lead[s] + a * at.leadStride[s]);
          });
  }
};

}  // namespace

template <class Real>
void encodeTensor(const TensorCall<Real>& call, const Real* packed, int64_t slab, Real* out, int64_t planeStride, Real* scratch) {
  Slabs<Real>::forward(call, packed, slab, out, planeStride, scratch);
}
template <class Real>
void encodeTensorAdjoint(const TensorCall<Real>& call, Real* accumulator, int64_t slab, const Real* in, int64_t planeStride,
                         Real* scratch) {
  Slabs<Real>::adjoint(call, accumulator, slab, in, planeStride, scratch);
}

DINF_INSTANTIATE(encodeTensor)
DINF_INSTANTIATE(encodeTensorAdjoint)

DINF_MATH_END
