// Passes: a program of a term on every tile of its samples, with what lies before it (fields become jets) and behind it (adjoints of
// jets become adjoints of fields). A pass is made from what it needs, and runs. Everything here is ops, nothing reads back.
#pragma once
#include <string>
#include <vector>
#include "core/bound_field.h"
#include "core/bound_term.h"
#include "math/iteration.h"

namespace dinf {

// Slots of the state block that belong to a problem: the loss, each term's share of it, and the adjoints of the trainable scalars.
struct ProblemSlots {
  int terms = 0, scalars = 0;
  int loss() const { return kStageSlots; }
  int term(size_t number) const { return loss() + 1 + static_cast<int>(number); }
  int scalar(int number) const { return loss() + 1 + terms + number; }
  int free() const { return scalar(scalars); }
};

// What the passes of a problem share.
template <class Real>
struct Workspace {
  explicit Workspace(Backend<Real>& backend) : backend(backend) {}

  Backend<Real>& backend;
  ProblemSlots slots;
  std::vector<BoundField<Real>> fields;
  int64_t scalarOffset = 0;  // where the trainable scalars begin among the parameters
  int lanes = 1;             // problems side by side, each with as many rows
  int64_t laneRows = 0, laneUniforms = 0;
  DeviceVector<Real> uniforms;
  Scratch<Real> planes;              // what a program stores for a tile alone
  const Real* parameters = nullptr;  // where the pass under way, or the linearisation, stands
  bool atZero = false;               // all of which are 0: nothing is encoded
  const Real* direction = nullptr;   // of the tangent

  // All fields folded at these parameters.
  void standAt(const Real* at);
  void clearAdjoints();
  // The gradient by all parameters from the adjoints that passes left.
  void collectAdjoints(Real* out);
  // The same, and on into a step of Adam.
  void stepAdam(const AdamVectors<Real>& vectors, const AdamSettings& settings);
  void collectSquares(Real* out);

 private:
  void collectScalars(Real* out);
};

template <class Real>
class Pass {
 public:
  Pass(Workspace<Real>& work, BoundTerm<Real>& term) : work_(work), term_(term), backend_(work.backend) {}

 protected:
  using Plane = InputPlane<Real>;

  void reserve(const Tile& tile);
  void encode(const Tile& tile, bool keep = false);
  void encodeTangents(const Tile& tile);
  void beginAdjoint();
  void encodeAdjoints(const Tile& tile, bool encoded);
  void endAdjoint();
  // A call of a program of the term, its inputs bound. `rows`: of the problem, where the program reads them.
  ProgramCall<Real> bind(const Program& program, const Tile& tile, const Real* rows = nullptr, int lane = 0);
  // The stores of a program that writes adjoints of jets; those that it leaves out become zero.
  void storeAdjoints(const Tile& tile, ProgramCall<Real>& call, int lane = 0);
  // The next `count` stores go to planes over the set from `to` on.
  void storeOverSet(ProgramCall<Real>& call, Real* to, int count);
  // The next `count` stores go to planes of the tile, which are returned.
  Real* storeOverTile(const Tile& tile, ProgramCall<Real>& call, int count);
  std::vector<int> scalarSlots() const;
  const TermSpec& spec() const { return term_.spec(); }

  Workspace<Real>& work_;
  BoundTerm<Real>& term_;
  Backend<Real>& backend_;

 private:
  Real* jetPlane(Real* planes, int field, int output, int plane, const Tile& tile, int lane) const;
};

// The term's loss into `lossSlot`.
template <class Real>
class LossPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(int lossSlot);
};

// The same, and the adjoints of fields and trainable scalars, which are added to.
template <class Real>
class GradientPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(int lossSlot);
};

// The term's rows and what the next two passes need of this point.
template <class Real>
class LinearisationPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(Real* rows);
};

// rows = A direction, the direction that of the workspace. Their squares go to a slot, unless that is negative: added to it, or in place
// of what it holds.
template <class Real>
class TangentPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(Real* rows, int squaresSlot, bool add);
};

// Adds A^T rows to the adjoints of fields and trainable scalars.
template <class Real>
class AdjointPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(const Real* rows);
};

// Adds the squares of the entries of A, column by column, to the fields' squares and the scalars' adjoints; those of MLP weights are
// none. Of an energy: its curvature along each unknown.
template <class Real>
class SquaresPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run();

 private:
  std::vector<std::vector<JacobianPlane<Real>>> entries(int residual, size_t field, const Tile& tile, const Real* planes) const;
};

// The entries of A as the host reads them: a plane over the set for each store of the squares program.
template <class Real>
class EntriesPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  std::vector<Real> run();
};

// The values of a program's stores, planes over the set.
template <class Real>
class ValuesPass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  void run(const Program& program, Real* values);
};

// Where a residual is not finite, as text: term, coordinates. Empty: nowhere. It reads back what it computed.
template <class Real>
class NonFinitePass : Pass<Real> {
 public:
  using Pass<Real>::Pass;
  std::string run();
};

}  // namespace dinf
