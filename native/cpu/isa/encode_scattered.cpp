// Scattered samples: weights with one sample a lane, then sample by sample along contiguous grid rows.
//
// A row of the neighbourhood is Row::Size values (8 where 2 rho <= 8, else 16) from the first tap on; the weights of the last
// axis beyond 2 rho are zero, so that the spare values count for nothing. The axes before the last are called lead (three
// dimensions only) and mid. Everything that a sample adds up stays in registers: how many orders the mid axis takes (Q) and,
// for the paper's rho = 3, the number of taps (T) are constants of the code.
//
// Budget a sample, level and channel in 3-D at order 1, rho = 3, in row operations: 36 row loads, 72 multiply-adds over mid,
// 18 over lead, 4 over last; about as many loads of weights. The adjoint the same with 36 rows loaded and stored, once for all
// samples in a row that share a cell.
#include "cpu/isa/lane_weights.h"
#include "cpu/isa/row.h"
#include "cpu/isa/table.h"

DINF_MATH_BEGIN

namespace {

// Which derivative orders the axes before the last take: mid orders, pairs (lead order, mid order) by ascending mid, and the
// planes of each pair with their orders on the last axis.
struct Plan {
  int mids = 0, mid[kMaxOrder + 1];
  int pairs = 0, lead[kMaxPlanes], midOf[kMaxPlanes], planeStart[kMaxPlanes + 1];
  int plane[kMaxPlanes], last[kMaxPlanes];

  Plan(const JetSet& jets, int dims) {
    int planes = 0;
    for (int m = 0; m <= kMaxOrder; ++m)
      for (int a = 0; a <= kMaxOrder; ++a) {
        bool any = false;
        for (int p = 0; p < jets.count; ++p) {
          if ((dims > 2 ? jets.index[p].a[0] : 0) != a || (dims > 1 ? jets.index[p].a[dims - 2] : 0) != m) continue;
          if (!any) {
            if (mids == 0 || mid[mids - 1] != m) mid[mids++] = m;
            lead[pairs] = a;
            midOf[pairs] = mids - 1;
            planeStart[pairs++] = planes;
            any = true;
          }
          plane[planes] = p;
          last[planes++] = jets.index[p].a[dims - 1];
        }
      }
    planeStart[pairs] = planes;
    for (int q = mids; q <= kMaxOrder; ++q) mid[q] = 0;  // of the code's constant number those that nothing reads
  }
};

constexpr int kSumRows = 48;  // planes x channels whose sums over the levels are held at once
constexpr int kShared = 4;    // samples of one cell that the adjoint adds in one go

template <class Real, int Size, int D, int Q, int T>
struct Scattered {
  using R = Row<Real, Size>;
  using V = typename R::V;
  using Weights = LaneWeights<Real, Size>;
  static constexpr int kLead = D == 3 ? (T ? T : kMaxTaps) : 1;
  // Weights of the mid axis as vectors, where there are registers for them beside the sums.
  static constexpr bool kHeld = T > 0 && D > 1 && R::N == 1 && Q * T <= 12 && DINF_VECTOR_BYTES == 64;

  static DINF_INLINE int64_t corner(const ScatteredCall& call, int slot, const Weights& w, int l) {
    int64_t at = call.offset[slot] + (w.cell[0][l] - call.firstRow[slot]) * call.stride0[slot];
    if (D == 2) at += w.cell[1][l];
    if (D == 3) at += w.cell[1][l] * call.stride1[slot] + w.cell[2][l];
    return at;
  }
  static DINF_INLINE const Real* mids(const Plan& plan, const Weights& w, int q, int l) {
    return &w.other[D == 3 ? 1 : 0][plan.mid[q]][0][l];
  }

  // inner[j][q] = sum over the mid axis of its order-q weights times the rows of lead tap j
  static DINF_INLINE void gather(const Real* corner, int64_t lead, int64_t mid, int taps, const Plan& plan, const Weights& w, int l,
                                 R (*inner)[Q]) {
    if constexpr (D == 1) {
      inner[0][0] = R::at(corner);
    } else {
      const Real* m[Q];
#pragma GCC unroll 8
      for (int q = 0; q < Q; ++q) m[q] = mids(plan, w, q, l);
      V held[kHeld ? Q : 1][kHeld ? T : 1];
      if constexpr (kHeld) {
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
#pragma GCC unroll 8
          for (int t = 0; t < T; ++t) held[q][t] = splat<V>(m[q][t * kLanes]);
      }
      for (int j = 0; j < (D == 3 ? taps : 1); ++j) {
        const Real* from = corner + j * lead;
        R sum[Q];
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q) sum[q] = R::zero();
#pragma GCC unroll 8
        for (int t = 0; t < taps; ++t) {
          const R row = R::at(from + t * mid);
#pragma GCC unroll 8
          for (int q = 0; q < Q; ++q) {
            if constexpr (kHeld) sum[q].v[0] += row.v[0] * held[q][t];
            else sum[q].addScaled(row, m[q][t * kLanes]);
          }
        }
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q) inner[j][q] = sum[q];
      }
    }
  }

  static void forward(const ScatteredCall& call, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride) {
    const int order = call.jets.maxOrder(), taps = T ? T : call.kernel.taps(), planes = call.jets.count;
    const Plan plan(call.jets, D);
    const int block = kSumRows / planes;
    Real tails[kMaxTaps / 2];
    gaussianTails(call.kernel, tails);
    Weights w;
    Positions<Real> positions;
    R sums[kSumRows][kLanes], inner[kLead][Q];
    for (int c0 = 0; c0 < call.channels; c0 += block) {
      const int channels = call.channels - c0 < block ? call.channels - c0 : block;
      for (int64_t at = begin; at < end; at += kLanes) {
        locate(call, at, positions);
        for (int s = 0; s < call.levels; ++s) {
          weigh(call, positions, tails, order, s, w);
          for (int c = 0; c < channels; ++c) {
            R(*sum)[kLanes] = sums + c * planes;
            if (s == 0 || call.separate)
              for (int p = 0; p < planes; ++p)
                for (int l = 0; l < kLanes; ++l) sum[p][l] = R::zero();
            const Real* from = packed + (c0 + c) * call.channelStride;
            for (int l = 0; l < kLanes; ++l) {
              gather(from + corner(call, s, w, l), call.stride0[s], D == 3 ? call.stride1[s] : call.stride0[s], taps, plan, w, l, inner);
              for (int i = 0; i < plan.pairs; ++i) {
                R row = inner[0][plan.midOf[i]];
                if constexpr (D == 3) {
                  const Real* lead = &w.other[0][plan.lead[i]][0][l];
                  row = R::zero();
#pragma GCC unroll 8
                  for (int j = 0; j < taps; ++j) row.addScaled(inner[j][plan.midOf[i]], lead[j * kLanes]);
                }
                for (int p = plan.planeStart[i]; p < plan.planeStart[i + 1]; ++p)
                  sum[plan.plane[p]][l].addProduct(row, R::at(w.last[l] + plan.last[p] * Size));
              }
            }
            if (s + 1 < call.levels && !call.separate) continue;
            const int output = call.separate ? s * call.channels + c0 + c : c0 + c;
            for (int p = 0; p < planes; ++p) {
              Real* to = out + output * call.outputStride + p * planeStride + (at - begin);
              for (int l = 0; l < kLanes; ++l) to[l] = sum[p][l].total();
            }
          }
        }
      }
    }
  }

  // Adds what C samples of one cell, from lane l on, contribute to its neighbourhood.
  template <int C>
  static DINF_INLINE void scatter(Real* corner, int64_t lead, int64_t mid, int taps, const Plan& plan, const Weights& w, int l,
                                  const R (*inner)[kLead][Q]) {
    if constexpr (D == 1) {
      R row = inner[0][0][0];
#pragma GCC unroll 4
      for (int c = 1; c < C; ++c)
        for (int i = 0; i < R::N; ++i) row.v[i] += inner[c][0][0].v[i];
      row.addTo(corner);
    } else {
      const Real* m[Q];
#pragma GCC unroll 8
      for (int q = 0; q < Q; ++q) m[q] = mids(plan, w, q, l);
      for (int j = 0; j < (D == 3 ? taps : 1); ++j) {
        R part[C][Q];
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
          for (int q = 0; q < Q; ++q) part[c][q] = inner[c][j][q];
        Real* to = corner + j * lead;
#pragma GCC unroll 8
        for (int t = 0; t < taps; ++t) {
          R row = R::at(to + t * mid);
#pragma GCC unroll 4
          for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
            for (int q = 0; q < Q; ++q) row.addScaled(part[c][q], m[q][t * kLanes + c]);
          row.to(to + t * mid);
        }
      }
    }
  }

  static void adjoint(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, const Real* in, int64_t planeStride) {
    const int order = call.jets.maxOrder(), taps = T ? T : call.kernel.taps();
    const Plan plan(call.jets, D);
    Real tails[kMaxTaps / 2];
    gaussianTails(call.kernel, tails);
    Weights w;
    Positions<Real> positions;
    R inner[kShared][kLead][Q];
    for (int64_t at = begin; at < end; at += kLanes) {
      locate(call, at, positions);
      for (int s = 0; s < call.levels; ++s) {
        weigh(call, positions, tails, order, s, w);
        int64_t corners[kLanes];
        for (int l = 0; l < kLanes; ++l) corners[l] = corner(call, s, w, l);
        for (int c = 0; c < call.channels; ++c) {
          const Real* from = in + (call.separate ? s * call.channels + c : c) * call.outputStride + (at - begin);
          Real* to = accumulator + c * call.channelStride;
          for (int l = 0; l < kLanes;) {
            int shared = 1;
            while (shared < kShared && l + shared < kLanes && corners[l + shared] == corners[l]) ++shared;
            if (shared == 3) shared = 2;
            for (int n = 0; n < shared; ++n) spread(plan, w, l + n, taps, from, planeStride, inner[n]);
            const int64_t mid = D == 3 ? call.stride1[s] : call.stride0[s];
            if (shared == 4) scatter<4>(to + corners[l], call.stride0[s], mid, taps, plan, w, l, inner);
            else if (shared == 2) scatter<2>(to + corners[l], call.stride0[s], mid, taps, plan, w, l, inner);
            else scatter<1>(to + corners[l], call.stride0[s], mid, taps, plan, w, l, inner);
            l += shared;
          }
        }
      }
    }
  }

  // One sample's adjoints over the last axis and the lead one: the transpose of what follows `gather`.
  static DINF_INLINE void spread(const Plan& plan, const Weights& w, int l, int taps, const Real* in, int64_t planeStride, R (*inner)[Q]) {
    R rows[kMaxPlanes];
    for (int i = 0; i < plan.pairs; ++i) {
      R row = R::zero();
      for (int p = plan.planeStart[i]; p < plan.planeStart[i + 1]; ++p)
        row.addScaled(R::at(w.last[l] + plan.last[p] * Size), in[plan.plane[p] * planeStride + l]);
      rows[i] = row;
    }
    if constexpr (D == 3) {
      int from = 0;
      for (int q = 0; q < Q; ++q) {
        int to = from;
        while (to < plan.pairs && plan.midOf[to] == q) ++to;
        for (int j = 0; j < taps; ++j) {
          R sum = R::zero();
          for (int i = from; i < to; ++i) sum.addScaled(rows[i], w.other[0][plan.lead[i]][j][l]);
          inner[j][q] = sum;
        }
        from = to;
      }
    } else {
      // Without a lead axis a pair is a mid order.
      for (int q = 0; q < Q; ++q) inner[0][q] = q < plan.pairs ? rows[q] : R::zero();
    }
  }
};

// The whole patch of sum_p c_p w^(p) is needed before squaring, so this one does not factorise over the rows it adds.
template <class Real, int Size>
void squares(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
             const Real* const* coefficient) {
  using R = Row<Real, Size>;
  const int order = call.jets.maxOrder(), taps = call.kernel.taps(), dims = call.dims;
  Real tails[kMaxTaps / 2];
  gaussianTails(call.kernel, tails);
  LaneWeights<Real, Size> w;
  Positions<Real> positions;
  for (int64_t at = begin, n = 0; at < end; at += kLanes, n += kLanes) {
    locate(call, at, positions);
    for (int s = 0; s < call.levels; ++s) {
      weigh(call, positions, tails, order, s, w);
      for (int l = 0; l < kLanes; ++l) {
        Real* to = accumulator + call.offset[s] + (w.cell[0][l] - call.firstRow[s]) * call.stride0[s];
        for (int k = 1; k < dims; ++k) to += w.cell[k][l] * (k == dims - 1 ? 1 : call.stride1[s]);
        for (int j = 0; j < (dims > 1 ? taps : 1); ++j)
          for (int m = 0; m < (dims > 2 ? taps : 1); ++m) {
            R row = R::zero();
            for (int t = 0; t < terms; ++t) {
              const MultiIndex& index = call.jets.index[plane[t]];
              Real c = coefficient[t][n + l];
              if (dims > 1) c *= w.other[0][index.a[0]][j][l];
              if (dims > 2) c *= w.other[1][index.a[1]][m][l];
              row.addScaled(R::at(w.last[l] + index.a[dims - 1] * Size), c);
            }
            row.square().addTo(to + j * call.stride0[s] + m * call.stride1[s]);
          }
      }
    }
  }
}

template <class Real, int Size, int D, class F>
void byOrders(const ScatteredCall& call, F f) {
  const int mids = Plan(call.jets, D).mids;
  if constexpr (D == 1) {
    f(Scattered<Real, Size, 1, 1, 0>{});
  } else {
    if constexpr (Size == 8 && DINF_VECTOR_BYTES > 16) {  // narrow vectors have no registers for it
      if (call.kernel.taps() == 6 && mids <= 3) {
        mids == 1 ? f(Scattered<Real, 8, D, 1, 6>{}) : mids == 2 ? f(Scattered<Real, 8, D, 2, 6>{}) : f(Scattered<Real, 8, D, 3, 6>{});
        return;
      }
    }
    if (mids == 1) f(Scattered<Real, Size, D, 1, 0>{});
    else if (mids == 2) f(Scattered<Real, Size, D, 2, 0>{});
    else if (mids == 3) f(Scattered<Real, Size, D, 3, 0>{});
    else f(Scattered<Real, Size, D, 5, 0>{});
  }
}

template <class Real, class F>
void byShape(const ScatteredCall& call, F f) {
  const bool narrow = call.kernel.taps() <= 8;
  if (call.dims == 1) narrow ? byOrders<Real, 8, 1>(call, f) : byOrders<Real, 16, 1>(call, f);
  else if (call.dims == 2) narrow ? byOrders<Real, 8, 2>(call, f) : byOrders<Real, 16, 2>(call, f);
  else narrow ? byOrders<Real, 8, 3>(call, f) : byOrders<Real, 16, 3>(call, f);
}

}  // namespace

template <class Real>
void encodeScattered(const ScatteredCall& call, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride) {
  byShape<Real>(call, [&](auto shape) { shape.forward(call, packed, begin, end, out, planeStride); });
}
template <class Real>
void encodeScatteredAdjoint(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, const Real* in,
                            int64_t planeStride) {
  byShape<Real>(call, [&](auto shape) { shape.adjoint(call, accumulator, begin, end, in, planeStride); });
}
template <class Real>
void encodeScatteredSquares(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
                            const Real* const* coefficient) {
  const auto f = call.kernel.taps() <= 8 ? squares<Real, 8> : squares<Real, 16>;
  f(call, accumulator, begin, end, terms, plane, coefficient);
}

DINF_INSTANTIATE(encodeScattered)
DINF_INSTANTIATE(encodeScatteredAdjoint)
DINF_INSTANTIATE(encodeScatteredSquares)

DINF_MATH_END
