// A field on a backend: the packed planes that encoders read, and the way from its parameters to its jets and back. Everything here
// is ops, nothing reads back.
#pragma once
#include <memory>
#include "core/backend.h"
#include "core/device_vector.h"
#include "core/field.h"
#include "core/problem_spec.h"

namespace dinf {

// How a term reads a field.
struct FieldReading {
  const JetSet* jets;
  const SampleSet* samples;
  std::unique_ptr<Binding> binding;  // null: a network, or not read
  bool isRead() const { return jets->count > 0; }
};

template <class Real>
class BoundField : public Field {
 public:
  // Field `number` of the problem, its parameters from `offset` on.
  BoundField(Backend<Real>& backend, const ProblemSpec& problem, size_t number, int64_t offset, bool folded);

  // Do terms read its levels as one grid?
  bool refined() const { return refined_; }
  FieldReading bind(const SampleSet& samples, const JetSet& jets) const;
  // How many values a sample a term that reads these jets keeps in a tile.
  int64_t planesPerSample(const JetSet& jets) const;
  // Room for the weight gradients of an MLP that is read on this set; made by `reserveWeightSums` when all sets are known.
  void meet(const SampleSet& samples);
  void reserveWeightSums();

  // --- between parameters and packed planes; all vectors are those of all parameters
  using Field::fold;
  void fold(const Real* parameters);
  // Levels for a reader of an evaluation that does not read them as one grid.
  void foldLevels(const FieldReading& reading, const Real* parameters);
  // After `fold`: the tangent of the packed planes.
  void foldTangent(const Real* parameters, const Real* direction);
  void clearAdjoint();
  // From the adjoints of packed planes and weights to those of the parameters.
  void foldAdjoint(const Real* parameters, Real* out);
  // The same, and on into a step of Adam.
  void stepAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings);
  // The same from squares, which `squaresOfLevels` gathered.
  void foldSquares(const Real* parameters, Real* out);

  // --- between packed planes and the jets of a tile
  void reserve(const JetSet& jets, const Tile& tile);
  // `keep`: an MLP keeps what its adjoint needs.
  void encode(const FieldReading& reading, const Tile& tile, const Real* parameters, bool keep);
  void encodeTangent(const FieldReading& reading, const Tile& tile, const Real* parameters, const Real* direction);
  // `encoded`: the tile is the one that `encode` met last. An MLP needs its input again otherwise.
  // `absent`: planes of the jets' adjoints that are zero, whatever lies there.
  void encodeAdjoint(const FieldReading& reading, const Tile& tile, const Real* parameters, bool encoded, uint64_t absent);
  void beginAdjoint(const FieldReading& reading);
  void endAdjoint(const FieldReading& reading);

  // --- squares of the rows' derivatives, each level of a grid for itself: a column is one node's of one level. Refined levels, which
  // are one grid to every other pass, need readings of their own.
  FieldReading bindLevels(const FieldReading& reading) const;
  void clearSquares();
  void beginSquares(const FieldReading& reading);
  // `entries(output)`: the derivatives of one residual by the planes of an output's jet.
  void encodeSquares(const FieldReading& reading, const Tile& tile, const Real* parameters,
                     const std::vector<std::vector<JacobianPlane<Real>>>& entries);
  void endSquares(const FieldReading& reading) { endAdjoint(reading); }

  // Jets of the tile under way, [output][plane][sample].
  Real* jets() const { return jets_; }
  Real* jetTangents() const { return jetTangents_; }
  Real* jetAdjoints() const { return jetAdjoints_; }

 private:
  bool refines(const JetSet& jets) const;
  GridShape encodedGrid(bool refined) const { return refined ? spec().grid.finest() : spec().grid; }
  int64_t encodedSize() const { return isNetwork() ? 0 : encodedGrid(refined_).packedSize(packedChannels()); }
  FoldShape foldShape() const;
  int64_t decoderOffset() const { return offset() + gridSize(); }
  Real* levelPlanes() { return levelScratch_.reserve(backend_, packedSize()); }
  Real* squares() { return refined_ ? levelPlanes() : static_cast<Real*>(packedAdjoint_); }
  const Real* planesOf(const FieldReading& reading);
  void foldInto(const Real* own, Real* packed);
  void foldAdjointOf(Real* levels, const Real* parameters, Real* out);
  Real* levelAdjoints();
  void encodeFeatures(const FieldReading& reading, const Tile& tile);

  Backend<Real>& backend_;
  bool biasActive_ = false;  // some term reads the undifferentiated field
  bool refined_ = false;
  bool gathered_ = false;  // the packed adjoints, or squares, hold something of this pass
  int64_t weightParts_ = 0;
  DeviceVector<Real> packed_, packedTangent_, packedAdjoint_;
  DeviceSums<Real> weightAdjoints_;
  Scratch<Real> levelScratch_, mixedFactors_, mixedPlanes_;
  Scratch<Real> jetScratch_, jetTangentScratch_, jetAdjointScratch_, featureScratch_, featureTangentScratch_, featureAdjointScratch_,
      stateScratch_;
  Real *jets_ = nullptr, *jetTangents_ = nullptr, *jetAdjoints_ = nullptr;
  Real *features_ = nullptr, *featureTangents_ = nullptr, *featureAdjoints_ = nullptr;
  Real* state_ = nullptr;  // what an MLP keeps for its adjoint; null: nothing
};

}  // namespace dinf
