// A term bound to the fields it reads, and a sample set with what lies over it.
#pragma once
#include "core/problem.h"

namespace dinf {

// Bands and tiles come from the sample set.
template <class Real>
struct Problem<Real>::Term {
  const TermSpec* spec = nullptr;
  Samples* samples = nullptr;
  std::vector<std::unique_ptr<Binding>> bindings;  // a field; null: a network, or not read
  bool reads(size_t field) const { return spec->jetSets[field].count > 0; }
  std::vector<Tile> tiles;
  std::vector<Real*> channels;
  Real* coefficients = nullptr;  // planes over the set, made at the first linearisation
  int64_t rowOffset = 0;
  // Adjoint planes that no store writes, as (field, output, plane): zero.
  std::vector<JetRef> untouched;
};

template <class Real>
struct Problem<Real>::Samples {
  std::shared_ptr<SampleSet> set;
  Real* weights = nullptr;
  Real* coordinates = nullptr;  // dims planes, made when a program first reads them, current from then on
};

}  // namespace dinf
