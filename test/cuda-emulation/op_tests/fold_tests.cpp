// fold and its adjoint against the CPU backend: every mixture of edges in one to three dimensions.
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

template <class Real>
std::vector<Real> absolute(std::vector<Real> values) {
  for (Real& value : values) value = std::abs(value);
  return values;
}

// Packed places of nodes that are parameters.
std::vector<char> owners(const FoldShape& shape) {
  const GridShape& grid = shape.grid;
  std::vector<char> is(static_cast<size_t>(grid.packedSize(shape.outputs)), 0);
  for (int o = 0; o < shape.outputs; ++o)
    for (int s = 0; s < grid.levels; ++s)
      for (int a = 0; a < grid.nodesAt(s, 0); ++a)
        for (int b = 0; b < grid.nodesAt(s, 1); ++b)
          for (int c = 0; c < grid.nodesAt(s, 2); ++c) {
            const int at[3] = {a, b, c};
            int64_t place = grid.packedOffset(s, o);
            for (int k = 0; k < grid.dims; ++k)
              place += (at[k] + grid.packedShift(k)) * (k == grid.dims - 1 ? 1
                                                        : k == 0           ? grid.packedStride0(s)
                                                                           : grid.packedStride1(s));
            is[static_cast<size_t>(place)] = 1;
          }
  return is;
}

template <class Real>
void both(const FoldShape& shape, const char* name) {
  const GridShape& grid = shape.grid;
  const int channels = shape.folded ? shape.outputs : shape.features;
  const int64_t size =
      grid.canonicalSize(channels) + (shape.folded ? 0 : shape.outputs * (int64_t{grid.levels} * shape.features + 1));
  const int64_t packedSize = grid.packedSize(shape.outputs);
  Random random(static_cast<uint64_t>(size));
  const auto parameters = randomVector<Real>(random, size), planes = randomVector<Real>(random, packedSize);
  auto cpu = makeCpuBackend<Real>(1);

  std::vector<Real> expected(static_cast<size_t>(packedSize), Real(7.5)), scale(expected);
  cpu->fold(shape, parameters.data(), expected.data());
  cpu->fold(shape, absolute(parameters).data(), scale.data());
  const auto folded = inEveryOrder<Real>([&](Context& c) {
    const Device<Real> from(c, parameters), to(c, std::vector<Real>(static_cast<size_t>(packedSize), Real(7.5)));
    cuda::fold<Real>(c, shape, from.data(), to.data());
    return to.read();
  });
  expectClose((std::string("fold ") + name).c_str(), folded, expected, scale, kTolerance<Real>);

  const std::vector<char> own = owners(shape);
  const auto adjointOf = [&](const std::vector<Real>& values, const std::vector<Real>& from) {
    std::vector<Real> packed(from), gradient(static_cast<size_t>(size), Real(3));
    cpu->foldAdjoint(shape, values.data(), packed.data(), gradient.data());
    for (size_t i = 0; i < own.size(); ++i)
      if (own[i]) gradient.push_back(packed[i]);
    return gradient;
  };
  const auto actual = inEveryOrder<Real>([&](Context& c) {
    const Device<Real> values(c, parameters), packed(c, planes), to(c, std::vector<Real>(static_cast<size_t>(size), Real(3)));
    cuda::foldAdjoint<Real>(c, shape, values.data(), packed.data(), to.data());
    auto gradient = to.read();
    const auto after = packed.read();
    for (size_t i = 0; i < own.size(); ++i)
      if (own[i]) gradient.push_back(after[i]);
    return gradient;
  });
  // The same gradient straight into a step of Adam: what a step on its own makes of it.
  const AdamSettings settings{0.02, 0, 0.9, 0.999, 1e-8, 10};
  for (const auto& [stopped, keep] : {std::pair{0.0, 1.0}, {1.0, 0.0}}) {
    const auto moment = absolute(randomVector<Real>(random, size));
    const auto step = [&](bool fused) {
      return inEveryOrder<Real>([&](Context& c) {
        const std::vector<Real> none(static_cast<size_t>(size), Real(0));
        const Device<Real> values(c, parameters), packed(c, planes), gradient(c, none), first(c, moment), second(c, moment), best(c, none);
        const AdamVectors<Real> vectors{values.data(), gradient.data(), first.data(), second.data(), best.data()};
        cuda::setSlot(c, AdamSlots::rate, 0.03), cuda::setSlot(c, AdamSlots::rootCorrection, 1.7);
        cuda::setSlot(c, AdamSlots::stopped, stopped), cuda::setSlot(c, AdamSlots::keep, keep);
        if (fused) {
          cuda::foldAdjointAdam<Real>(c, shape, packed.data(), vectors, settings);
        } else {
          cuda::foldAdjoint<Real>(c, shape, values.data(), packed.data(), gradient.data());
          cuda::adam<Real>(c, vectors, size, settings);
        }
        std::vector<Real> all = values.read();
        for (const auto* each : {&first, &second, &best})
          for (const Real x : each->read()) all.push_back(x);
        return all;
      });
    };
    const auto expectedStep = step(false);
    expectClose((std::string("foldAdjointAdam ") + name).c_str(), step(true), expectedStep, std::vector<Real>(expectedStep.size(), Real(1)), kTolerance<Real> / 10);
  }

  // Sums are in double: in float they differ by the rounding of the result and of the gathered ghosts.
  expectClose((std::string("foldAdjoint ") + name).c_str(), actual, adjointOf(parameters, planes),
              adjointOf(absolute(parameters), absolute(planes)), kTolerance<Real> / 10);
}

template <class Real>
void edgeCases() {
  constexpr Edge kEdges[] = {Edge::clamp, Edge::extend, Edge::periodic};
  constexpr const char* kLetters[] = {"c", "e", "p"};
  for (int dims = 1; dims <= 3; ++dims)
    testCase(std::string("edges, ") + kName<Real> + ", dimensions " + std::to_string(dims), [&] {
      int number = 0;
      const int mixtures = dims == 1 ? 3 : dims == 2 ? 9 : 27;
      for (int mixture = 0; mixture < mixtures; ++mixture)
        for (int levels = 1; levels <= 3; ++levels)
          for (const bool isFolded : {false, true}) {
            FoldShape shape;
            GridShape& grid = shape.grid;
            grid.dims = dims;
            grid.levels = levels;
            grid.kernel.rings = 1 + number % 3;
            const int cells[3][3] = {{41, 1, 1}, {12, 9, 1}, {6, 5, 4}};
            std::string name;
            for (int k = 0, rest = mixture; k < dims; ++k, rest /= 3) {
              grid.cells[k] = cells[dims - 1][(k + number) % dims];
              grid.edge[k] = kEdges[rest % 3];
              name += kLetters[rest % 3];
            }
            shape.features = 1 + number % 8;
            shape.outputs = 1 + number % 3;
            shape.folded = isFolded;
            shape.biasActive = number % 5 != 0;
            shape.clampedGhosts = number % 4 > 1;
            ++number;
            both<Real>(shape, (name + " levels " + std::to_string(levels) + " features " + std::to_string(shape.features) +
                               (isFolded ? " folded" : ""))
                                  .c_str());
          }
    });
  testCase(std::string("many blocks a level, ") + kName<Real>, [&] {
    for (const Edge edge : kEdges) {
      FoldShape shape;
      shape.grid.dims = 2;
      shape.grid.levels = 3;
      shape.grid.cells[0] = 120, shape.grid.cells[1] = 90;
      shape.grid.edge[0] = edge, shape.grid.edge[1] = Edge::extend;
      shape.features = 5, shape.outputs = 2;
      shape.clampedGhosts = true;
      both<Real>(shape, "120 x 90");
    }
  });
}

void cases() {
  edgeCases<float>();
  edgeCases<double>();
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
