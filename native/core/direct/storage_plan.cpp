#include "core/direct/storage_plan.h"
#include <algorithm>

namespace dinf {
namespace {

constexpr size_t kSubtrees = 16;  // enough for the threads to be busy to the end, few enough to leave the top what it needs

// Update matrices in the order of elimination: a front's is made while its children's still stand. Two stacks, of even and of odd
// depth, grow towards each other: children are always the last ones on theirs.
class UpdateStacks {
 public:
  explicit UpdateStacks(std::vector<UpdatePlace>& places) : places_(places) {}

  void push(int front, bool odd, int64_t values) {
    int64_t& height = height_[odd];
    if (odd) places_[front] = {UpdatePlace::stackEnd, height + values};
    else places_[front] = {UpdatePlace::stack, height};
    height += values;
    peak = std::max(peak, height_[0] + height_[1]);
  }
  void pop(bool odd, int64_t values) { height_[odd] -= values; }

  int64_t peak = 0;

 private:
  std::vector<UpdatePlace>& places_;
  int64_t height_[2] = {0, 0};
};

}  // namespace

StoragePlan::StoragePlan(const CellTree& tree, int width) {
  const std::vector<TreeFront>& fronts = tree.fronts();
  const int count = static_cast<int>(fronts.size());
  std::vector<int> first(count), depth(count);
  update.resize(count);
  for (int f = 0; f < count; ++f) {
    const TreeFront& front = fronts[f];
    layouts.push_back({width, tree.padded(tree.pivots(front)), tree.padded(tree.boundary(front))});
    pivotOffset.push_back(factorValues);
    factorValues += layouts[f].pivotValues();
    rows = std::max<int64_t>(rows, layouts[f].rows());
    first[f] = front.isLeaf() ? f : first[front.child[0]];
  }
  for (int f = count - 2; f >= 0; --f) depth[f] = depth[fronts[f].parent] + 1;

  // The largest subtree is opened until there are as many as wanted.
  const auto heavier = [&](const Subtree& a, const Subtree& b) { return fronts[a.root].flopsOfTree > fronts[b.root].flopsOfTree; };
  subtrees = {{0, count - 1}};
  while (subtrees.size() < kSubtrees) {
    auto largest = std::min_element(subtrees.begin(), subtrees.end(), heavier);
    const TreeFront& root = fronts[largest->root];
    if (root.isLeaf()) break;
    top.push_back(largest->root);
    *largest = {first[root.child[0]], root.child[0]};
    subtrees.push_back({first[root.child[1]], root.child[1]});
  }
  std::sort(top.begin(), top.end());
  std::stable_sort(subtrees.begin(), subtrees.end(), heavier);

  for (const Subtree& subtree : subtrees) {
    UpdateStacks stacks(update);
    for (int f = subtree.first; f <= subtree.root; ++f) {
      if (f == subtree.root) {
        update[f] = {UpdatePlace::shared, sharedValues};
        sharedValues += layouts[f].updateValues();
      } else {
        stacks.push(f, depth[f] % 2, layouts[f].updateValues());
      }
      for (int c : fronts[f].child)
        if (c >= 0) stacks.pop(depth[c] % 2, layouts[c].updateValues());
    }
    stackValues = std::max(stackValues, stacks.peak);
  }
  for (int f : top) {
    update[f] = {UpdatePlace::shared, sharedValues};
    sharedValues += layouts[f].updateValues();
  }
}

}  // namespace dinf
