// A neural field: a multi-level grid and its decoder, or a network on the coordinates themselves, and where their parameters lie in the solve's one vector.
#pragma once
#include <string>
#include <vector>
#include "core/backend.h"

namespace dinf {

enum class DecoderKind : int { linear = 0, mlp = 1 };

struct FieldSpec {
  FieldKind kind = FieldKind::grid;
  GridShape grid;            // kind grid
  CoordinateInputs inputs;   // kind network
  int features = 1, outputs = 1;
  DecoderKind decoder = DecoderKind::linear;  // a network is an MLP on its inputs
  std::vector<int> hidden;
  std::vector<LayerActivation> activations;  // one a hidden layer
  WeightStart start = WeightStart::xavier;
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
  bool isNetwork() const { return spec_.kind == FieldKind::network; }
  bool isLinear() const { return spec_.decoder == DecoderKind::linear; }
  bool folded() const { return folded_; }
  int64_t offset() const { return offset_; }
  int64_t parameterCount() const { return gridSize() + decoderSize(); }
  int64_t gridSize() const { return isNetwork() ? 0 : spec_.grid.canonicalSize(gridChannels()); }
  int64_t decoderSize() const;
  int gridChannels() const { return isLinear() && folded_ ? spec_.outputs : spec_.features; }

  // What the encoder sees: outputs summed over levels (linear), or every feature of every level (MLP).
  int packedChannels() const { return isLinear() ? spec_.outputs : spec_.features; }
  ChannelMap map() const { return isLinear() ? ChannelMap::sumLevels : ChannelMap::separateLevels; }
  // Can its levels be summed into one grid before they are encoded?
  bool nested() const { return !isNetwork() && isLinear() && spec_.grid.nested(); }
  int64_t packedSize() const { return isNetwork() ? 0 : spec_.grid.packedSize(packedChannels()); }
  FoldShape foldShape(bool biasActive) const;
  // A linear decoder is multiplied into the grid from now on; the parameters begin at `offset`.
  void foldAt(int64_t offset) {
    folded_ = isLinear();
    offset_ = offset;
  }
  // Channels that an MLP reads: features of all levels, or a network's inputs.
  int decoderInputs() const { return isNetwork() ? spec_.inputs.count() : spec_.grid.levels * spec_.features; }
  MlpShape mlpShape() const;

  // What the parameters are, in their order; `prefix` comes before every name.
  std::vector<ParameterBlock> blocks(const std::string& prefix) const;
  // Initial parameters in double, from the seed alone: features uniform, decoders as WeightStart says.
  std::vector<double> initial(uint64_t seed, uint32_t number) const;
  // The folded parameters equal to these factored ones.
  std::vector<double> fold(const std::vector<double>& factored) const;

 private:
  FieldSpec spec_;
  int64_t offset_;
  bool folded_;
};

}  // namespace dinf
