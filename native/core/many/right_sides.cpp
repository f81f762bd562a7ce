#include "core/many/right_sides.h"
#include <algorithm>
#include <cmath>

namespace dinf {
namespace {

// As DirectSolver has them: below this part of the first gradient all is rounding, and one that has not halved has nothing to gain.
constexpr double kFloor = 1e-15, kHalf = 0.5;
// A solve whose gradient stands still above this part of the first was not served. A first gradient below the second part of the residuals
// is that of a start which is nearly the minimum, and says nothing.
template <class Real>
constexpr double kServed = sizeof(Real) == 4 ? 1e-3 : 1e-9;
constexpr double kSmall = 1e-4;
// A gradient that the factor has brought down so far in one iteration is at the floor after one more, whose step is the preconditioned
// gradient itself: neither its length nor what it leaves need be computed.
template <class Real>
constexpr double kLast = sizeof(Real) == 4 ? 1e-3 : 3e-8;
constexpr int64_t kMostIterations = 12;
constexpr int64_t kTileBytes = int64_t{1} << 20;  // the lanes of a tile stay in the second-level cache
constexpr int64_t kDeviceTileBytes = int64_t{256} << 20;

}  // namespace

// Scalars are solved for by a border of the factor, and held unknowns stay: neither is known to lanes.
template <class Real>
bool RightSides<Real>::serves(const Problem<Real>& problem, const KeptFactor<Real>& kept) {
  return problem.linear() && problem.spec().scalars.empty() && kept.factored && kept.damping == 0 && kept.held.empty() &&
         kept.grid.obstacle.empty();
}

template <class Real>
ProblemSpec RightSides<Real>::widened(const ProblemSpec& spec, int lanes) {
  ProblemSpec wide = spec;
  wide.lanes = lanes;
  wide.folded = true;
  for (FieldSpec& field : wide.fields) {
    field.outputs *= lanes;
    field.features = 1;
  }
  wide.uniforms.clear();
  for (int l = 0; l < lanes; ++l) wide.uniforms.insert(wide.uniforms.end(), spec.uniforms.begin(), spec.uniforms.end());
  for (size_t t = 0; t < spec.terms.size(); ++t) wide.terms[t].channels.assign(spec.terms[t].channels.size() * lanes, {});
  return wide;
}

template <class Real>
int64_t RightSides<Real>::groupBytes(const Problem<Real>& problem, const KeptFactor<Real>& kept) {
  // Four vectors in double and the factor's own, and of the wide problem two, their packed planes three times, and rows twice.
  const int64_t unknowns = kept.factor.places() * static_cast<int64_t>(5 * sizeof(double) + 6 * sizeof(Real));
  return kept.factor.lanes() * (unknowns + 2 * problem.rowCount() * static_cast<int64_t>(sizeof(Real)));
}

template <class Real>
RightSides<Real>::RightSides(Problem<Real>& problem, KeptFactor<Real>& kept, const std::vector<EvaluationSpec>& evaluations, int64_t bytes)
    : single_(problem), kept_(kept), be_(problem.backend()), lanes_(kept.factor.lanes()),
      groups_(static_cast<int>(std::clamp<int64_t>(bytes / groupBytes(problem, kept), 1, kMostGroups))), places_(kept.factor.places()),
      rowCount_(problem.rowCount()), spec_(widened(problem.spec(), lanes_)) {
  spec_.tileBytes = be_.sampleOrder() == SampleOrder::bands ? kTileBytes : kDeviceTileBytes;
  wide_ = std::make_unique<Problem<Real>>(spec_, be_, true);
  wide_->draw(0);
  // Channels that do not vary are those of the problem.
  for (size_t t = 0; t < spec_.terms.size(); ++t) wide_->copyChannels(static_cast<int>(t), single_);

  const ProblemGrid& grid = kept.grid;
  const int unknowns = grid.cells.unknowns;
  from_.assign(places_, -1);
  stride_.assign(places_, 0);
  alone_.assign(places_, -1);
  scale_.assign(places_, 0.0);
  std::vector<Real> scale(grid.parameterCount);
  be_.download(scale.data(), kept.scale, grid.parameterCount);
  for (size_t f = 0; f < single_.fields().size(); ++f) {
    const Field &own = single_.fields()[f], &wide = wide_->fields()[f];
    const int64_t nodes = own.spec().grid.nodesAt(0);
    for (int64_t node = 0; node < grid.cells.nodes(); ++node)
      for (int o = 0; o < own.spec().outputs; ++o) {
        const int unknown = grid.firstUnknown[f] + o;
        const int64_t parameter = grid.parameter[node * unknowns + unknown], place = kept.factor.place(node, unknown);
        if (parameter < 0) continue;
        from_[place] = wide.offset() + parameter - own.offset();
        stride_[place] = own.spec().outputs * nodes;
        alone_[place] = parameter;
        scale_[place] = static_cast<double>(scale[parameter]);
      }
  }
  r_ = DeviceVector<Real>(be_, int64_t{groups_} * lanes_ * rowCount_);
  q_ = DeviceVector<Real>(be_, lanes_ * rowCount_);
  zero_ = DeviceVector<Real>(be_, wide_->parameterCount());
  vector_ = DeviceVector<Real>(be_, wide_->parameterCount());
  host_.resize(wide_->parameterCount());
  for (std::vector<double>* v : {&s_, &z_, &p_, &y_}) v->resize(groups_ * vectorSize());
  if (!evaluations.empty()) evaluation_ = wide_->bindEvaluation(evaluations[0]);
}

// Data and uniforms of variations [first, first + count) into the lanes; lanes beyond have those of the last one.
template <class Real>
void RightSides<Real>::bindData(const Variations& variations, int first, int count) {
  for (const VariedChannel& varied : variations.channels) {
    const int64_t samples = static_cast<int64_t>(varied.values.size()) / variations.count;
    const int channels = static_cast<int>(single_.spec().terms[varied.term].channels.size());
    for (int l = 0; l < count; ++l)
      wide_->setChannel(varied.term, l * channels + varied.channel, varied.values.data() + (first + l) * samples);
  }
  bindUniforms(variations, first, count);
}

template <class Real>
void RightSides<Real>::bindUniforms(const Variations& variations, int first, int count) {
  if (variations.uniforms.empty()) return;
  const size_t each = variations.uniforms.size() / variations.count;
  std::vector<double> uniforms;
  for (int l = 0; l < lanes_; ++l) {
    const auto from = variations.uniforms.begin() + static_cast<int64_t>(each) * (first + std::min(l, count - 1));
    uniforms.insert(uniforms.end(), from, from + static_cast<int64_t>(each));
  }
  wide_->setUniforms(uniforms);
}

// s = D A^T r of a group.
template <class Real>
void RightSides<Real>::gatherGradient(int group) {
  wide_->adjoint(rows(group), vector_);
  be_.download(host_.data(), vector_, wide_->parameterCount());
  double* to = gradients(group);
  for (int64_t i = 0; i < places_; ++i, to += lanes_) {
    const Real* const from = host_.data() + from_[i];
    for (int l = 0; l < lanes_; ++l) to[l] = from_[i] < 0 ? 0 : scale_[i] * static_cast<double>(from[l * stride_[i]]);
  }
}

// D p, as the wide problem's parameters.
template <class Real>
void RightSides<Real>::scatterDirection(const double* p) {
  for (int64_t i = 0; i < places_; ++i, p += lanes_) {
    if (from_[i] < 0) continue;
    Real* const to = host_.data() + from_[i];
    for (int l = 0; l < lanes_; ++l) to[l * stride_[i]] = static_cast<Real>(scale_[i] * p[l]);
  }
  be_.upload(vector_, host_.data(), wide_->parameterCount());
}

// From the preconditioned gradients of a group, which lie in p's place, to its next iterates and their gradients.
template <class Real>
void RightSides<Real>::advance(int group, Lane* lanes) {
  double* const p = p_.data() + group * vectorSize();
  double* const y = y_.data() + group * vectorSize();
  scatterDirection(p);
  wide_->tangent(vector_, q_);
  const int slot = wide_->freeSlot();
  be_.reserveSlots(slot + lanes_);
  for (int l = 0; l < lanes_; ++l) be_.dot(q_ + l * rowCount_, q_ + l * rowCount_, rowCount_, slot + l);
  std::vector<double> alpha(lanes_, 0.0);
  for (int l = 0; l < lanes_; ++l) {
    if (lanes[l].idle) continue;
    const double curvature = be_.slot(slot + l);
    if (curvature > 0 && std::isfinite(curvature)) alpha[l] = lanes[l].gamma / curvature;
    else lanes[l].idle = true;
    ++lanes[l].iterations;
    be_.axpy(rows(group) + l * rowCount_, -alpha[l], kOne, q_ + l * rowCount_, rowCount_);
  }
  double* at = y;
  const double* direction = p;
  for (int64_t i = 0; i < places_; ++i, at += lanes_, direction += lanes_)
    for (int l = 0; l < lanes_; ++l) at[l] -= alpha[l] * direction[l];
  gatherGradient(group);
}

// What the gradients of a group say of its lanes. `done`: iterations.
template <class Real>
void RightSides<Real>::judge(int group, Lane* lanes, int64_t done) {
  std::vector<double> squares(lanes_, 0.0);
  const double* s = gradients(group);
  for (int64_t i = 0; i < places_; ++i, s += lanes_)
    for (int l = 0; l < lanes_; ++l) squares[l] += s[l] * s[l];
  for (int l = 0; l < lanes_; ++l) {
    Lane& lane = lanes[l];
    if (lane.idle) continue;
    const double norm = std::sqrt(squares[l]);
    if (done == 0) {
      lane.first = lane.least = norm;
      lane.idle = norm == 0;
      if (!std::isfinite(norm)) lane.idle = lane.failed = true;
      continue;
    }
    // A step that gains nothing is of the size of rounding, and stays.
    const bool stands = !(norm < kHalf * lane.least);
    lane.failed = !std::isfinite(norm);
    lane.least = std::min(lane.least, norm);
    lane.idle = lane.failed || stands || lane.least <= kFloor * lane.first;
    lane.last = done == 1 && lane.least <= kLast<Real> * lane.first;
  }
}

// The last step of a group whose lanes are all at their last one, or idle.
template <class Real>
void RightSides<Real>::correct(int group, Lane* lanes) {
  std::vector<double> length(lanes_, 0.0);
  for (int l = 0; l < lanes_; ++l) {
    if (lanes[l].idle) continue;
    length[l] = 1;
    lanes[l].idle = true;
    ++lanes[l].iterations;
  }
  double* y = y_.data() + group * vectorSize();
  const double* z = z_.data() + group * vectorSize();
  for (int64_t i = 0; i < vectorSize(); i += lanes_)
    for (int l = 0; l < lanes_; ++l) y[i + l] -= length[l] * z[i + l];
}

template <class Real>
std::vector<int> RightSides<Real>::solve(const Variations& variations, int begin, int count, const StageCommon& stage,
                                         const std::atomic<bool>& cancelled, VariationResults& results) {
  const int groups = (count + lanes_ - 1) / lanes_;
  const auto countOf = [&](int group) { return std::min(lanes_, count - group * lanes_); };
  std::vector<Lane> lanes(groups * lanes_);
  std::fill_n(y_.begin(), groups * vectorSize(), 0.0);
  for (int g = 0; g < groups; ++g) {
    bindData(variations, begin + g * lanes_, countOf(g));
    wide_->lineariseAtZero(zero_, rows(g));
    gatherGradient(g);
    for (int l = countOf(g); l < lanes_; ++l) lanes[g * lanes_ + l].idle = true;
    judge(g, lanes.data() + g * lanes_, 0);
  }
  const int64_t limit = std::min(kMostIterations, stage.iterations);
  for (int64_t done = 0; done < limit; ++done) {
    if (std::all_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.idle; })) break;
    if (cancelled.load(std::memory_order_relaxed)) {
      std::vector<int> all(count);
      for (int i = 0; i < count; ++i) all[i] = begin + i;
      return all;
    }
    // z = P^-1 s
    std::copy_n(s_.begin(), groups * vectorSize(), z_.begin());
    kept_.factor.applyMany(z_.data(), groups);
    for (int g = 0; g < groups; ++g) {
      Lane* const own = lanes.data() + g * lanes_;
      if (std::all_of(own, own + lanes_, [](const Lane& lane) { return lane.idle; })) continue;
      std::vector<double> gamma(lanes_, 0.0), beta(lanes_, 0.0);
      const double *s = gradients(g), *preconditioned = z_.data() + g * vectorSize();
      for (int64_t i = 0; i < vectorSize(); i += lanes_)
        for (int l = 0; l < lanes_; ++l) gamma[l] += s[i + l] * preconditioned[i + l];
      for (int l = 0; l < lanes_; ++l) {
        Lane& lane = own[l];
        if (!lane.idle && !(gamma[l] > 0 && std::isfinite(gamma[l]))) lane.idle = true;
        beta[l] = done == 0 || lane.idle ? 0 : gamma[l] / lane.gamma;
        if (!lane.idle) lane.gamma = gamma[l];
      }
      if (std::all_of(own, own + lanes_, [](const Lane& lane) { return lane.idle || lane.last; })) {
        correct(g, own);
        continue;
      }
      double* const p = p_.data() + g * vectorSize();
      if (done == 0) std::copy_n(preconditioned, vectorSize(), p);
      else
        for (int64_t i = 0; i < vectorSize(); i += lanes_)
          for (int l = 0; l < lanes_; ++l) p[i + l] = preconditioned[i + l] + beta[l] * p[i + l];
      advance(g, own);
      judge(g, own, done + 1);
    }
  }
  std::vector<int> unserved;
  for (int g = 0; g < groups; ++g) {
    finish(g, lanes.data() + g * lanes_, begin + g * lanes_, countOf(g), results);
    if (!evaluation_) continue;
    bindUniforms(variations, begin + g * lanes_, countOf(g));
    evaluate(g, begin + g * lanes_, countOf(g), results);
  }
  for (int i = 0; i < count; ++i) {
    const Lane& lane = lanes[i];
    if (lane.failed || !std::isfinite(lane.loss) || lane.least > kServed<Real> * std::max(lane.first, kSmall * std::sqrt(lane.loss))) unserved.push_back(begin + i);
  }
  return unserved;
}

// x = D y and the losses of a group.
template <class Real>
void RightSides<Real>::finish(int group, Lane* lanes, int first, int count, VariationResults& results) {
  const int64_t n = single_.parameterCount();
  const int slot = wide_->freeSlot();
  be_.reserveSlots(slot + lanes_);
  for (int l = 0; l < count; ++l) be_.dot(rows(group) + l * rowCount_, rows(group) + l * rowCount_, rowCount_, slot + l);
  const double* y = y_.data() + group * vectorSize();
  double* const to = results.parameters.data() + first * n;
  std::fill_n(to, count * n, 0.0);
  for (int64_t i = 0; i < places_; ++i, y += lanes_)
    for (int l = 0; l < count && alone_[i] >= 0; ++l) to[l * n + alone_[i]] = static_cast<double>(static_cast<Real>(scale_[i] * y[l]));
  for (int l = 0; l < count; ++l) {
    SolveResult& end = results.ends[first + l];
    end = {};
    end.stopReason = lanes[l].idle ? StopReason::tolerance : StopReason::iterations;
    end.iterations = lanes[l].iterations;
    end.loss = be_.slot(slot + l);
    end.unknowns = n;
    end.inner.kind = InnerKind::direct;
    lanes[l].loss = end.loss;
  }
}

template <class Real>
void RightSides<Real>::evaluate(int group, int first, int count, VariationResults& results) {
  scatterDirection(y_.data() + group * vectorSize());
  const std::vector<Real> values = wide_->evaluate(vector_, *evaluation_);
  const int64_t each = static_cast<int64_t>(values.size()) / lanes_;
  std::copy_n(values.begin(), count * each, results.values.begin() + first * each);
}

template class RightSides<float>;
template class RightSides<double>;

}  // namespace dinf
