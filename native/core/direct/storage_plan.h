// Where each front of a tree lies in one arena, and which subtrees are one thread's alone. All of it is known before any work, and
// depends on the tree and not on what runs when.
#pragma once
#include "core/direct/cell_tree.h"
#include "cpu/front.h"

namespace dinf {

// A place for an update matrix.
struct UpdatePlace {
  enum Region { shared, stack, stackEnd } region = shared;
  int64_t offset = 0;  // stackEnd: back from the end of the stack to the place's end
};

// A subtree, its fronts [first, root].
struct Subtree {
  int first, root;
};

struct StoragePlan {
  StoragePlan(const CellTree& tree, int width);

  std::vector<FrontLayout> layouts;
  std::vector<int64_t> pivotOffset;
  std::vector<UpdatePlace> update;
  std::vector<Subtree> subtrees;  // the largest first
  std::vector<int> top;           // fronts above them, children before parents
  int64_t factorValues = 0;
  int64_t sharedValues = 0;  // update matrices of the top and of the subtrees' roots
  int64_t stackValues = 0;   // update matrices inside of a subtree, for each thread
  int64_t rows = 0;          // of the largest front

  int64_t values(int threads) const { return factorValues + sharedValues + stackValues * threads; }
};

}  // namespace dinf
