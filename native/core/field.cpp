#include "core/field.h"
#include <algorithm>
#include <cmath>
#include "math/philox.h"

namespace dinf {

Field::Field(const FieldSpec& spec, int64_t offset, bool folded) : spec_(spec), offset_(offset), folded_(folded && isLinear()) {}

int64_t Field::decoderSize() const {
  if (!isLinear()) return mlpShape().parameterCount();
  return folded_ ? 0 : int64_t{spec_.outputs} * (spec_.grid.levels * spec_.features + 1);
}

FoldShape Field::foldShape(bool biasActive) const {
  FoldShape shape;
  shape.grid = spec_.grid;
  shape.features = spec_.features;
  shape.folded = folded_ || !isLinear();  // an MLP's features are packed as they are
  shape.outputs = packedChannels();
  shape.biasActive = biasActive;
  return shape;
}

MlpShape Field::mlpShape() const {
  return {decoderInputs(), spec_.outputs, spec_.hidden, spec_.activations};
}

std::vector<ParameterBlock> Field::blocks(const std::string& prefix) const {
  std::vector<ParameterBlock> blocks;
  const GridShape& grid = spec_.grid;
  for (int s = 0; s < grid.levels && !isNetwork(); ++s)
    for (int channel = 0; channel < gridChannels(); ++channel) {
      ParameterBlock block{prefix + ".level" + std::to_string(s) + ".channel" + std::to_string(channel), {}};
      for (int k = 0; k < grid.dims; ++k) block.shape.push_back(grid.nodesAt(s, k));
      blocks.push_back(block);
    }
  if (!isLinear()) {
    const MlpShape shape = mlpShape();
    for (int layer = 0; layer < shape.layers(); ++layer) {
      const std::string name = prefix + (isNetwork() ? ".layer" : ".decoder.layer") + std::to_string(layer);
      blocks.push_back({name + ".weight", {shape.fanOut(layer), shape.fanIn(layer)}});
      blocks.push_back({name + ".bias", {shape.fanOut(layer)}});
    }
  } else if (!folded_) {
    blocks.push_back({prefix + ".decoder.weight", {spec_.outputs, grid.levels, spec_.features}});
    blocks.push_back({prefix + ".decoder.bias", {spec_.outputs}});
  }
  return blocks;
}

std::vector<double> Field::initial(uint64_t seed, uint32_t number) const {
  std::vector<double> values(parameterCount(), 0.0);
  const auto uniform = [&](int64_t i, double bound) {
    const generic::Philox4 random = generic::philox(seed, static_cast<uint32_t>(i / 4), static_cast<uint32_t>(i >> 34), number,
                                                    generic::kStreamInitial);
    return (2 * generic::philoxUniform(random.v[i % 4]) - 1) * bound;
  };
  for (int64_t i = 0; i < gridSize(); ++i) values[i] = uniform(i, spec_.initialScale);
  int64_t at = gridSize();
  const auto xavier = [&](int fanIn, int fanOut) {
    const double bound = std::sqrt(6.0 / (fanIn + fanOut));
    for (int64_t i = 0; i < int64_t{fanIn} * fanOut; ++i, ++at) values[at] = uniform(at, bound);
    at += fanOut;
  };
  if (!isLinear()) {
    const MlpShape shape = mlpShape();
    for (int layer = 0; layer < shape.layers(); ++layer) {
      const int fanIn = shape.fanIn(layer), fanOut = shape.fanOut(layer);
      if (spec_.start == WeightStart::xavier) {
        xavier(fanIn, fanOut);
        continue;
      }
      const double omega = shape.activations[std::min(layer, shape.layers() - 2)].omega;
      const double bound = layer == 0 ? 1.0 / fanIn : std::sqrt(6.0 / fanIn) / omega;
      for (int64_t i = 0; i < int64_t{fanIn} * fanOut; ++i, ++at) values[at] = uniform(at, bound);
      for (int i = 0; i < fanOut; ++i, ++at) values[at] = uniform(at, 1 / std::sqrt(static_cast<double>(fanIn)));
    }
  } else if (!folded_) {
    xavier(spec_.grid.levels * spec_.features, spec_.outputs);
  }
  return values;
}

std::vector<double> Field::fold(const std::vector<double>& factored) const {
  const GridShape& grid = spec_.grid;
  const int features = spec_.features, outputs = spec_.outputs;
  std::vector<double> planes(grid.canonicalSize(outputs), 0.0);
  const double* decoder = factored.data() + grid.canonicalSize(features);
  const double* bias = decoder + int64_t{outputs} * grid.levels * features;
  for (int s = 0; s < grid.levels; ++s)
    for (int o = 0; o < outputs; ++o) {
      double* to = planes.data() + grid.canonicalOffset(s, o, outputs);
      for (int64_t i = 0; i < grid.nodesAt(s); ++i) {
        double sum = s == 0 ? bias[o] : 0;
        for (int f = 0; f < features; ++f)
          sum += decoder[(int64_t{o} * grid.levels + s) * features + f] * factored[grid.canonicalOffset(s, f, features) + i];
        to[i] = sum;
      }
    }
  return planes;
}

}  // namespace dinf
