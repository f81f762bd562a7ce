// A neural field: a multi-level grid and its decoder, and where their parameters lie in the solve's one vector.
#pragma once
#include <string>
#include <vector>
#include "core/backend.h"

namespace dinf {

enum class DecoderKind : int { linear = 0, mlp = 1 };

struct FieldSpec {
  GridShape grid;
  int features = 1, outputs = 1;
  DecoderKind decoder = DecoderKind::linear;
  std::vector<int> hidden;
  Activation activation = Activation::tanh;
  double initialScale = 1e-4;  // grid features start uniform in [-initialScale, initialScale]
};

// A named range of the parameter vector, row-major.
struct ParameterBlock {
  std::string name;
  std::vector<int64_t> shape;
};

// `folded`: a linear decoder multiplied into the grid once and for all, its planes the unknowns (least squares needs a field
// linear in its parameters). First-order training keeps both factors.
class Field {
 public:
  Field(const FieldSpec& spec, int64_t offset, bool folded);

  const FieldSpec& spec() const { return spec_; }
  bool isLinear() const { return spec_.decoder == DecoderKind::linear; }
  bool folded() const { return folded_; }
  int64_t offset() const { return offset_; }
  int64_t parameterCount() const { return gridSize() + decoderSize(); }
  int64_t gridSize() const { return spec_.grid.canonicalSize(gridChannels()); }
  int64_t decoderSize() const;
  int gridChannels() const { return isLinear() && folded_ ? spec_.outputs : spec_.features; }

  // What the encoder sees: outputs summed over levels (linear), or every feature of every level (MLP).
  int packedChannels() const { return isLinear() ? spec_.outputs : spec_.features; }
  ChannelMap map() const { return isLinear() ? ChannelMap::sumLevels : ChannelMap::separateLevels; }
  FoldShape foldShape(bool biasActive) const;
  MlpShape mlpShape() const;

  // What the parameters are, in their order; `prefix` comes before every name.
  std::vector<ParameterBlock> blocks(const std::string& prefix) const;
  // Initial parameters in double, from the seed alone: features uniform, decoder Xavier uniform, biases zero.
  std::vector<double> initial(uint64_t seed, uint32_t number) const;
  // The folded parameters equal to these factored ones.
  std::vector<double> fold(const std::vector<double>& factored) const;

 private:
  FieldSpec spec_;
  int64_t offset_;
  bool folded_;
};

}  // namespace dinf
