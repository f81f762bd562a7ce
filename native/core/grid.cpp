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

}  // namespace dinf
