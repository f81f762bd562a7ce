#include "core/grid.h"
#include <algorithm>

namespace dinf {

int GridShape::locate(int axis, double x, double& fraction) const {
  if (knots[axis]) return generic::knotSpan(knots[axis]->table(), x, fraction);
  const double at = x * cells[axis];
  const int cell = std::clamp(static_cast<int>(at), 0, lastCell(axis));
  fraction = at - cell;
  return cell;
}

void GridShape::weightsAt(int axis, int level, int order, int cell, double fraction, double (*w)[kMaxTaps]) const {
  if (knots[axis]) generic::knotWeights<double>(knots[axis]->table(), order, cell, cells[axis], fraction, w);
  else generic::edgeWeights<double>(kernel, edge[axis], order, cell, cellsAt(level, axis), fraction, w);
}

int GridShape::tabulate(int axis, int level, int order, double x, double (*w)[kMaxTaps]) const {
  double inFine, scale = 1;
  const int fine = locate(axis, x, inFine), cell = fine >> level;
  weightsAt(axis, level, order, cell, ((fine & ((1 << level) - 1)) + inFine) / (1 << level), w);
  for (int a = 1; a <= order; ++a) {
    scale *= static_cast<double>(cellsAt(level, axis)) / a;
    for (int j = 0; j < kernel.taps(); ++j) w[a][j] *= scale;
  }
  return cell;
}

}  // namespace dinf
