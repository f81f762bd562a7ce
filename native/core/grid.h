// The geometry of a multi-level grid and of its two layouts.
//   canonical: what parameter vectors hold: level by level, channel by channel, nodes row-major (ghost nodes included when
//              the edge mode stores them).
//   packed:    what encoders read: rho - 1 ghost nodes a side in every edge mode (`clamp`: zero, no unknowns; `periodic`:
//              copies of the nodes they stand for), rows padded to whole lane groups; one plane a (channel, level).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include "core/knots.h"
#include "math/jet.h"
#include "math/kernel1d.h"

namespace dinf {

struct GridShape {
  int dims = 0;
  int cells[kMaxDims] = {1, 1, 1};  // of the finest level; level s has cells >> s
  int levels = 1;
  Kernel1d kernel;
  Edge edge[kMaxDims] = {Edge::extend, Edge::extend, Edge::extend};
  // Of axes whose cells are not of one size, whose `cells` then are spans; null elsewhere. One level of B-splines alone has them.
  std::shared_ptr<const Knots> knots[kMaxDims];

  int rings() const { return kernel.rings; }
  int cellsAt(int level, int axis) const { return cells[axis] >> level; }
  bool periodic(int axis) const { return axis < dims && edge[axis] == Edge::periodic; }
  // Ghost nodes a side that are unknowns.
  int ghosts(int axis) const { return edge[axis] == Edge::extend ? kernel.rings - 1 : 0; }
  // Of a periodic axis node N is node 0.
  int nodesAt(int level, int axis) const {
    if (axis >= dims) return 1;
    return periodic(axis) ? cellsAt(level, axis) : cellsAt(level, axis) + 1 + 2 * ghosts(axis);
  }
  // Where canonical node 0 of an axis lies among the packed ones.
  int packedShift(int axis) const { return kernel.rings - 1 - ghosts(axis); }
  int64_t nodesAt(int level) const {
    return int64_t{nodesAt(level, 0)} * nodesAt(level, 1) * nodesAt(level, 2);
  }
  // Canonical offset of (level, channel), for a vector that holds `channels` channels a level.
  int64_t canonicalOffset(int level, int channel, int channels) const {
    int64_t offset = 0;
    for (int s = 0; s < level; ++s) offset += nodesAt(s) * channels;
    return offset + nodesAt(level) * channel;
  }
  int64_t canonicalSize(int channels) const { return canonicalOffset(levels, 0, channels); }

  // B-splines of all levels are splines of the finest one (math/refinement.h).
  bool nested() const { return levels > 1 && kernel.kind == KernelKind::bspline; }
  // The one grid that nested levels sum into. Ghosts of a clamped axis hold coefficients there, as they do with `extend`.
  GridShape finest() const {
    GridShape grid = *this;
    grid.levels = 1;
    for (int k = 0; k < dims; ++k)
      if (edge[k] == Edge::clamp) grid.edge[k] = Edge::extend;
    return grid;
  }

  // The last cell that a sample may lie in. The upper bound of a periodic axis belongs to cell N, whose neighbourhood holds the
  // same nodes as that of cell 0, so that both ends have the same value to the last bit.
  int lastCell(int axis) const { return periodic(axis) ? cells[axis] : cells[axis] - 1; }

  // The finest cell of a place in the unit box, and where in it the place lies.
  int locate(int axis, double x, double& fraction) const;
  // The weights there, orders 0 to `order`, for callers that scale by cells^k / k!.
  void weightsAt(int axis, int level, int order, int cell, double fraction, double (*w)[kMaxTaps]) const;
  // What tables of an axis hold of a place in the unit box: the weights as Taylor coefficients there. Returns the level's cell, which is
  // the packed node of the first weight.
  int tabulate(int axis, int level, int order, double x, double (*w)[kMaxTaps]) const;

  // Packed rows run along the last axis that exists; kLanes spare values keep a full-width load inside the plane.
  int packedNodes(int level, int axis) const {
    return axis < dims ? (lastCell(axis) >> level) + 2 * kernel.rings : 1;
  }
  int64_t packedRow(int level) const {
    return (packedNodes(level, dims - 1) + kLanes + kLanes - 1) / kLanes * kLanes;
  }
  // Rows of axis 0 are the unit in which bands own memory; in 1-D a row is a node.
  int64_t packedStride0(int level) const {
    return dims == 1 ? 1 : dims == 2 ? packedRow(level) : packedNodes(level, 1) * packedRow(level);
  }
  int64_t packedStride1(int level) const { return dims == 3 ? packedRow(level) : 1; }
  int64_t packedPlane(int level) const {
    return packedStride0(level) * packedNodes(level, 0) + (dims == 1 ? 2 * kLanes : kLanes);
  }
  int64_t packedOffset(int level, int channel) const {  // planes ordered channel-major, so that a channel's levels are neighbours
    int64_t perChannel = 0, offset = 0;
    for (int s = 0; s < levels; ++s) {
      if (s < level) offset += packedPlane(s);
      perChannel += packedPlane(s);
    }
    return channel * perChannel + offset;
  }
  int64_t packedSize(int channels) const { return packedOffset(0, channels); }
};

// Which levels of which packed plane sum into an output channel of the encoder. Folded (linear decoder): one channel an
// output, all levels summed. Unfolded: a channel a (level, feature).
enum class ChannelMap : int { sumLevels = 0, separateLevels = 1 };

}  // namespace dinf
