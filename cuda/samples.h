// A sample set in device memory: where its samples are and what each is worth, in internal order.
#pragma once
#include <vector>
#include "core/backend.h"
#include "cuda/context.h"

namespace dinf::cuda {

// Whatever is computed from where the samples are: brought up to date after each draw.
class FollowsSamples {
 public:
  virtual void samplesMoved() = 0;

 protected:
  ~FollowsSamples() = default;
};

struct DeviceSamples final : SampleMirror {
  DeviceSamples(Context& context, const SampleSet& set);

  Buffer<double> unit[kMaxDims];
  Buffer<double> weights;
  Buffer<int64_t> order;    // user index, -1: padding
  Buffer<unsigned> counts;  // sets with draws: how often each user sample was drawn; zero between draws
  std::vector<FollowsSamples*> followers;
};

// Made when a set is first seen.
DeviceSamples& deviceSamples(Context& context, const SampleSet& set);

template <class Real>
void draw(Context& context, SampleSet& set, uint64_t seed, uint32_t term, int iterationSlot, Real* weights);
void fetchDraw(Context& context, SampleSet& set);
template <class Real>
void sampleWeights(Context& context, const SampleSet& set, Real* out);
template <class Real>
void coordinates(Context& context, const SampleSet& set, int64_t begin, int64_t count, int axis, Real* out);
template <class Real>
void coordinateJets(Context& context, const SampleSet& set, int64_t begin, int64_t count, const JetSet& jets,
                    const CoordinateInputs& inputs, Real* out);

}  // namespace dinf::cuda
