// Radial kernels on samples of any kind, one sample a lane: for each of the (2 rho)^d neighbours the jet of phi, times the
// neighbour's value into the numerators and once into the normaliser; then one division of jets (math/radial.h).
//
// Budget a sample and level at order 1 in 2-D, rho = 3: 36 neighbours of about 20 operations for the jet, 3 for the normaliser and,
// a channel, one value picked by hand and 3 multiply-adds. The adjoint meets each jet twice, for the normaliser and for what each
// neighbour gets, and keeps them in between where they fit. Everything stays in registers and the first-level cache but the grid.
// Jets are of doubles whatever the grid holds: quotients of jets cancel, and in float a fourth derivative would be left with three
// digits where it is small. So precision is where values are read and written, and nothing else is compiled twice.
#include "cpu/isa/simd.h"
#include "cpu/isa/table.h"
#include "math/radial.h"

DINF_MATH_BEGIN

namespace {

constexpr int kChannels = 4;  // whose numerators are held at once
constexpr int kKept = 384;    // coefficients of neighbours that the adjoint keeps: 24 KB, order 2 in 2-D and order 0 in 3-D at rho = 3

using V = Simd<double>::V;
constexpr int W = Simd<double>::W;

// Values of either precision, read and written W at a time: at one place and the W - 1 behind it, or around the corners of W samples.
template <class Float, class Double>
struct Values {
  Float* single = nullptr;
  Double* full = nullptr;

  Values() = default;
  Values(Float* from) : single(from) {}
  Values(Double* from) : full(from) {}
  DINF_INLINE V load(int64_t at) const {
    V v;
    if (single)
      for (int l = 0; l < W; ++l) v[l] = single[at + l];
    else
      for (int l = 0; l < W; ++l) v[l] = full[at + l];
    return v;
  }
  DINF_INLINE void store(int64_t at, V v) const {
    if (single)
      for (int l = 0; l < W; ++l) single[at + l] = static_cast<Float>(v[l]);
    else
      for (int l = 0; l < W; ++l) full[at + l] = v[l];
  }
  DINF_INLINE V gather(int64_t at, const int64_t* corner) const {
    V v;
    if (single)
      for (int l = 0; l < W; ++l) v[l] = single[at + corner[l]];
    else
      for (int l = 0; l < W; ++l) v[l] = full[at + corner[l]];
    return v;
  }
  DINF_INLINE void scatter(int64_t at, const int64_t* corner, V v) const {
    if (single)
      for (int l = 0; l < W; ++l) single[at + corner[l]] += static_cast<Float>(v[l]);
    else
      for (int l = 0; l < W; ++l) full[at + corner[l]] += v[l];
  }
};
using Input = Values<const float, const double>;
using Output = Values<float, double>;

template <int D, int K>
struct Radial {

  const ScatteredCall& call;
  static constexpr int kCount = RadialTables<D, K>::count;
  const JetSet set;  // closed, of order K
  const JetProduct product;
  const double power, epsilon;
  const int rings, taps;
  int plane[kMaxPlanes];  // of the planes asked for: where they are in the closed set

  explicit Radial(const ScatteredCall& call)
      : call(call),
        set(JetSet::closed(D, K)),
        product(set),
        power(radialPower(call.kernel)),
        epsilon(call.kernel.epsilon),
        rings(call.kernel.rings),
        taps(call.kernel.taps()) {
    for (int p = 0; p < call.jets.count; ++p) plane[p] = set.find(call.jets.index[p]);
  }

  // Where W samples lie in one level.
  struct Place {
    V fraction[kMaxDims];
    int64_t corner[W];
    bool clamped = false;
    V multiplicity[kMaxDims][kMaxTaps];
    double scale[kMaxPlanes];  // from cells to the unit box
    int64_t stride[kMaxDims];
    int cells[kMaxDims];
  };

  DINF_INLINE void locate(int64_t at, int slot, Place& place) const {
    const int level = call.firstLevel + slot;
    place.clamped = false;
    for (int l = 0; l < W; ++l) place.corner[l] = call.offset[slot];
    for (int k = 0; k < D; ++k) {
      place.stride[k] = k == D - 1 ? 1 : k == 0 ? call.stride0[slot] : call.stride1[slot];
      const int cells = place.cells[k] = call.cells[k] >> level;
      double fraction[W], count[kMaxTaps][W];
      bool border = false;
      for (int l = 0; l < W; ++l) {
        const double t = call.unit[k][at + l] * call.cells[k];
        int fine = static_cast<int>(t);
        fine = fine > call.lastCell[k] ? call.lastCell[k] : fine;
        const int cell = fine >> level;
        fraction[l] = ((fine & ((1 << level) - 1)) + (t - fine)) / (1 << level);
        place.corner[l] += (cell - (k == 0 ? call.firstRow[slot] : 0)) * place.stride[k];
        if (call.edge[k] != Edge::clamp) continue;
        border |= touchesBorder(cell, cells, rings);
        double m[kMaxTaps];
        clampedMultiplicity<double>(rings, cell, cells, m);
        for (int j = 0; j < taps; ++j) count[j][l] = m[j];
      }
      place.fraction[k] = load<V>(fraction);
      place.clamped |= border;
      for (int j = 0; j < taps; ++j) place.multiplicity[k][j] = border ? load<V>(count[j]) : V{} + 1.0;
    }
    for (int i = 0; i < kCount; ++i) {
      place.scale[i] = 1;
      for (int k = 0; k < D; ++k)
        for (int a = 0; a < set.index[i].a[k]; ++a) place.scale[i] *= place.cells[k];
    }
  }

  // The jet of the neighbour at tap j[k] of each axis.
  DINF_INLINE void jetAt(const Place& place, const int* j, V* phi) const {
    V distance[kMaxDims];
    V factor = V{} + 1.0;
    for (int k = 0; k < D; ++k) {
      distance[k] = place.fraction[k] - double(j[k] - rings + 1);
      if (place.clamped) factor = factor * place.multiplicity[k][j[k]];
    }
    radialJet<D, K, double, V>(power, epsilon, distance, factor, phi);
  }

  // Calls f(phi, offset from the corner) for every neighbour, in the order of the packed nodes.
  template <class F>
  DINF_INLINE void eachNeighbour(const Place& place, F f) const {
    int j[kMaxDims] = {0, 0, 0};
    V phi[kMaxPlanes];
    for (j[0] = 0; j[0] < taps; ++j[0])
      for (j[1] = 0; j[1] < (D > 1 ? taps : 1); ++j[1])
        for (j[2] = 0; j[2] < (D > 2 ? taps : 1); ++j[2]) {
          jetAt(place, j, phi);
          int64_t offset = 0;
          for (int k = 0; k < D; ++k) offset += j[k] * place.stride[k];
          f(phi, offset);
        }
  }

  // The same from the jets that inverseNormaliser kept, in its order.
  template <class F>
  DINF_INLINE void eachKept(const Place& place, const V* kept, F f) const {
    for (int i = 0; i < taps; ++i)
      for (int j = 0; j < (D > 1 ? taps : 1); ++j)
        for (int l = 0; l < (D > 2 ? taps : 1); ++l, kept += kCount)
          f(kept, i * place.stride[0] + (D > 1 ? j * place.stride[1] : 0) + (D > 2 ? l * place.stride[2] : 0));
  }
  DINF_INLINE bool fits() const {
    int values = kCount;
    for (int k = 0; k < D; ++k) values *= taps;
    return values <= kKept;
  }

  DINF_INLINE void clear(V* jet) const {
    for (int i = 0; i < kCount; ++i) jet[i] = V{};
  }

  DINF_NOINLINE void forward(Input packed, int64_t begin, int64_t end, Output out, int64_t planeStride) const {
    Place place;
    V sum[kMaxPlanes] = {}, inverse[kMaxPlanes], numerator[kChannels][kMaxPlanes], total[kChannels][kMaxPlanes], value[kMaxPlanes];
    for (int c0 = 0; c0 < call.channels; c0 += kChannels) {
      const int channels = call.channels - c0 < kChannels ? call.channels - c0 : kChannels;
      for (int64_t at = begin; at < end; at += W) {
        for (int s = 0; s < call.levels; ++s) {
          locate(at, s, place);
          clear(sum);
          for (int c = 0; c < channels; ++c) clear(numerator[c]);
          eachNeighbour(place, [&](const V* phi, int64_t offset) {
            for (int i = 0; i < kCount; ++i) sum[i] += phi[i];
            for (int c = 0; c < channels; ++c) {
              const V node = packed.gather((c0 + c) * call.channelStride + offset, place.corner);
              for (int i = 0; i < kCount; ++i) numerator[c][i] += phi[i] * node;
            }
          });
          reciprocalJet<double, V>(product, sum, inverse);
          for (int c = 0; c < channels; ++c) {
            clear(value);
            multiplyJet(product, numerator[c], inverse, value);
            if (s == 0 || call.separate) clear(total[c]);
            for (int i = 0; i < kCount; ++i) total[c][i] += value[i] * place.scale[i];
            if (s + 1 < call.levels && !call.separate) continue;
            const int output = call.separate ? s * call.channels + c0 + c : c0 + c;
            for (int p = 0; p < call.jets.count; ++p)
              out.store(output * call.outputStride + p * planeStride + (at - begin), total[c][plane[p]]);
          }
        }
      }
    }
  }

  // From the adjoint of the quotient to that of the numerators: what each neighbour's phi meets.
  DINF_INLINE void backThroughDivision(const Place& place, const V* adjoint, V* numerator, const V* inverse) const {
    V scaled[kMaxPlanes];
    for (int i = 0; i < kCount; ++i) scaled[i] = adjoint[i] * place.scale[i];
    clear(numerator);
    multiplyJetAdjoint(product, numerator, inverse, scaled);
  }
  DINF_INLINE V contract(const V* phi, const V* numerator) const {
    V v = V{};
    for (int i = 0; i < kCount; ++i) v += phi[i] * numerator[i];
    return v;
  }

  // Keeps the jets of all neighbours in `kept` where they fit.
  DINF_INLINE void inverseNormaliser(const Place& place, V* inverse, V* kept) const {
    V sum[kMaxPlanes] = {};
    clear(sum);
    const bool keep = fits();
    eachNeighbour(place, [&](const V* phi, int64_t) {
      for (int i = 0; i < kCount; ++i) sum[i] += phi[i];
      if (!keep) return;
      for (int i = 0; i < kCount; ++i) kept[i] = phi[i];
      kept += kCount;
    });
    reciprocalJet<double, V>(product, sum, inverse);
  }

  DINF_NOINLINE void adjoint(Output accumulator, int64_t begin, int64_t end, Input in, int64_t planeStride) const {
    Place place;
    V inverse[kMaxPlanes], numerator[kChannels][kMaxPlanes], jet[kMaxPlanes], kept[kKept];
    for (int64_t at = begin; at < end; at += W)
      for (int s = 0; s < call.levels; ++s) {
        locate(at, s, place);
        inverseNormaliser(place, inverse, kept);
        for (int c0 = 0; c0 < call.channels; c0 += kChannels) {
          const int channels = call.channels - c0 < kChannels ? call.channels - c0 : kChannels;
          for (int c = 0; c < channels; ++c) {
            const int64_t from = (call.separate ? s * call.channels + c0 + c : c0 + c) * call.outputStride + (at - begin);
            clear(jet);
            for (int p = 0; p < call.jets.count; ++p) jet[plane[p]] = in.load(from + p * planeStride);
            backThroughDivision(place, jet, numerator[c], inverse);
          }
          const auto give = [&](const V* phi, int64_t offset) {
            for (int c = 0; c < channels; ++c)
              accumulator.scatter((c0 + c) * call.channelStride + offset, place.corner, contract(phi, numerator[c]));
          };
          if (fits()) eachKept(place, kept, give);
          else eachNeighbour(place, give);
        }
      }
  }

  // Around a periodic axis shorter than the neighbourhood one node is several neighbours, whose parts of a row's entry are summed
  // before they are squared.
  DINF_NOINLINE void squares(Output accumulator, int64_t begin, int64_t end, int terms, const int* index, const Input* coefficient) const {
    Place place;
    V inverse[kMaxPlanes], numerator[kMaxPlanes], jet[kMaxPlanes], phi[kMaxPlanes], kept[kKept];
    for (int64_t at = begin; at < end; at += W)
      for (int s = 0; s < call.levels; ++s) {
        locate(at, s, place);
        inverseNormaliser(place, inverse, kept);
        clear(jet);
        for (int t = 0; t < terms; ++t) jet[plane[index[t]]] += coefficient[t].load(at - begin);
        backThroughDivision(place, jet, numerator, inverse);
        int limit[kMaxDims] = {1, 1, 1}, step[kMaxDims], distinct[kMaxDims];
        for (int k = 0; k < kMaxDims; ++k) {
          if (k < D) limit[k] = taps;
          step[k] = k < D && meetsItself(call.edge[k], place.cells[k], taps) ? place.cells[k] : taps;
          distinct[k] = step[k] < limit[k] ? step[k] : limit[k];
        }
        int j[kMaxDims], i[kMaxDims];
        for (j[0] = 0; j[0] < distinct[0]; ++j[0])
          for (j[1] = 0; j[1] < distinct[1]; ++j[1])
            for (j[2] = 0; j[2] < distinct[2]; ++j[2]) {
              V entry = V{};
              for (i[0] = j[0]; i[0] < limit[0]; i[0] += step[0])
                for (i[1] = j[1]; i[1] < limit[1]; i[1] += step[1])
                  for (i[2] = j[2]; i[2] < limit[2]; i[2] += step[2]) {
                    jetAt(place, i, phi);
                    entry += contract(phi, numerator);
                  }
              int64_t offset = 0;
              for (int k = 0; k < D; ++k) offset += j[k] * place.stride[k];
              accumulator.scatter(offset, place.corner, entry * entry);
            }
      }
  }
};

template <int D, class F>
void byOrder(const ScatteredCall& call, F f) {
  switch (call.jets.maxOrder()) {
    case 0: f(Radial<D, 0>(call)); break;
    case 1: f(Radial<D, 1>(call)); break;
    case 2: f(Radial<D, 2>(call)); break;
    default: f(Radial<D, 4>(call));  // order 3 too: not worth its time in every build
  }
}

template <class F>
void byDimension(const ScatteredCall& call, F f) {
  if (call.dims == 1) byOrder<1>(call, f);
  else if (call.dims == 2) byOrder<2>(call, f);
  else byOrder<3>(call, f);
}

}  // namespace

template <class Real>
void encodeRadial(const ScatteredCall& call, const Real* packed, int64_t begin, int64_t end, Real* out, int64_t planeStride) {
  byDimension(call, [&](const auto& path) { path.forward(packed, begin, end, out, planeStride); });
}
template <class Real>
void encodeRadialAdjoint(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, const Real* in, int64_t planeStride) {
  byDimension(call, [&](const auto& path) { path.adjoint(accumulator, begin, end, in, planeStride); });
}
template <class Real>
void encodeRadialSquares(const ScatteredCall& call, Real* accumulator, int64_t begin, int64_t end, int terms, const int* plane,
                         const Real* const* coefficient) {
  Input values[kMaxPlanes];
  for (int t = 0; t < terms; ++t) values[t] = coefficient[t];
  byDimension(call, [&](const auto& path) { path.squares(accumulator, begin, end, terms, plane, values); });
}

DINF_INSTANTIATE(encodeRadial)
DINF_INSTANTIATE(encodeRadialAdjoint)
DINF_INSTANTIATE(encodeRadialSquares)

DINF_MATH_END
