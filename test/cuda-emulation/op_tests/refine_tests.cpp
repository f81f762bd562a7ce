// Nested levels summed into one grid, and the adjoint: against the CPU backend, and against splines evaluated level by level.
#include "math/refinement.h"
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

GridShape gridOf(int dims, int degree, int levels, const int* cells, const Edge* edges) {
  GridShape grid;
  grid.dims = dims;
  grid.levels = levels;
  grid.kernel.kind = KernelKind::bspline;
  grid.kernel.degree = degree;
  grid.kernel.rings = (degree + 1) / 2;
  for (int k = 0; k < dims; ++k) {
    grid.cells[k] = cells[k];
    grid.edge[k] = edges[k];
  }
  return grid;
}

template <class Real>
std::vector<Real> absolute(std::vector<Real> values) {
  for (Real& value : values) value = std::abs(value);
  return values;
}

template <class Real>
void both(const GridShape& grid, int channels, const char* name) {
  const int64_t size = grid.packedSize(channels), finestSize = grid.finest().packedSize(channels);
  Random random(static_cast<uint64_t>(size));
  const auto levels = randomVector<Real>(random, size), finest = randomVector<Real>(random, finestSize);
  auto cpu = makeCpuBackend<Real>(1);
  // What lies between the rows is nobody's: both leave it as it is.
  const auto down = [&](std::vector<Real> from) {
    std::vector<Real> to(static_cast<size_t>(finestSize), Real(0.5));
    cpu->refine(grid, channels, from.data(), to.data());
    return to;
  };
  const auto refined = inEveryOrder<Real>([&](Context& c) {
    const Device<Real> from(c, levels), to(c, std::vector<Real>(static_cast<size_t>(finestSize), Real(0.5)));
    cuda::refine<Real>(c, grid, channels, from.data(), to.data());
    return to.read();
  });
  expectClose((std::string("refine ") + name).c_str(), refined, down(levels), down(absolute(levels)), kTolerance<Real>);

  // Of all but the first level, which is a copy with its padding.
  const auto up = [&](const std::vector<Real>& from) {
    std::vector<Real> to(static_cast<size_t>(size), Real(0.5));
    cpu->refineAdjoint(grid, channels, from.data(), to.data());
    return to;
  };
  const auto adjoint = inEveryOrder<Real>([&](Context& c) {
    const Device<Real> from(c, finest), to(c, std::vector<Real>(static_cast<size_t>(size), Real(0.5)));
    cuda::refineAdjoint<Real>(c, grid, channels, from.data(), to.data());
    return to.read();
  });
  expectClose((std::string("refineAdjoint ") + name).c_str(), adjoint, up(finest), up(absolute(finest)), kTolerance<Real>);
}

// A spline of every level, evaluated in all cells of the finest grid, from the levels and from the one grid they sum into.
void sameSpline(int degree, int levels, Edge edge) {
  const int cells = 16;
  const GridShape grid = gridOf(1, degree, levels, &cells, &edge), finest = grid.finest();
  Random random(static_cast<uint64_t>(degree * 8 + levels));
  std::vector<double> planes = randomVector<double>(random, grid.packedSize(1)), one(static_cast<size_t>(finest.packedSize(1)));
  const std::vector<double> before = planes;
  makeCpuBackend<double>(1)->refine(grid, 1, planes.data(), one.data());
  const auto value = [&](const GridShape& of, const std::vector<double>& plane, int level, double t, int order) {
    const int cell = std::min(static_cast<int>(t / (1 << level)), of.lastCell(0) >> level);
    double w[kMaxOrder + 1][kMaxTaps];
    generic::bsplineWeights<double, double>(degree, order, t / (1 << level) - cell, w);
    double sum = 0;
    for (int j = 0; j <= degree; ++j) sum += w[order][j] * plane[of.packedOffset(level, 0) + cell + j];
    return sum / std::pow(1 << level, order);
  };
  for (int order = 0; order <= std::min(degree - 1, kMaxOrder); ++order)
    for (double t = 0; t <= finest.lastCell(0) + 1; t += 0.15625) {
      double expected = 0;
      for (int s = 0; s < levels; ++s) expected += value(grid, before, s, t, order);
      const double actual = value(finest, one, 0, t, order);
      DINF_EXPECT(std::abs(actual - expected) < 1e-12, "degree %d, %d levels, order %d at %g: %.15g, not %.15g", degree, levels, order, t,
                  actual, expected);
    }
}

template <class Real>
void sweep() {
  constexpr Edge kEdges[] = {Edge::clamp, Edge::extend, Edge::periodic};
  for (int dims = 1; dims <= 3; ++dims)
    testCase(std::string("degrees and levels, ") + kName<Real> + ", dimensions " + std::to_string(dims), [&] {
      int number = 0;
      for (const int degree : {1, 3, 5, 7, 9})
        for (int levels = 2; levels <= 4; ++levels, ++number) {
          if (dims == 3 && degree > 5 && levels > 2) continue;  // many multiply-adds for the emulator
          const int cells[3][3] = {{512, 1, 1}, {16, 24, 1}, {8, 16, 8}};
          const Edge edges[3] = {kEdges[number % 3], kEdges[number / 3 % 3], kEdges[(number + 1) % 3]};
          const GridShape grid = gridOf(dims, degree, levels, cells[dims - 1], edges);
          both<Real>(grid, 1 + number % 3, ("degree " + std::to_string(degree) + ", levels " + std::to_string(levels)).c_str());
        }
    });
}

void cases() {
  testCase("the same spline", [] {
    for (const int degree : {1, 3, 5, 7, 9})
      for (int levels = 2; levels <= 5; ++levels)
        for (const Edge edge : {Edge::clamp, Edge::extend, Edge::periodic}) sameSpline(degree, levels, edge);
  });
  sweep<float>();
  sweep<double>();
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
