// Tiles cut into pieces of work: by the problem alone, whatever the threads.
#pragma once
#include <algorithm>
#include <vector>
#include "core/samples.h"

namespace dinf {

constexpr int64_t kPiece = 1024;  // samples

// The segments of a tile, cut where they are longer than `size`.
inline std::vector<Segment> pieces(const Tile& tile, int64_t size) {
  std::vector<Segment> list;
  for (const Segment& s : tile.segments)
    for (int64_t at = s.begin; at < s.end; at += size)
      list.push_back({at, std::min(s.end, at + size), s.local + at - s.begin, s.band});
  return list;
}

}  // namespace dinf
