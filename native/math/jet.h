// Jets: truncated Taylor polynomials in d variables, as one plane of samples for each multi-index (docs/design.md, "Jets").
// A JetSet is the ordered list of multi-indices that somebody asked for.
#pragma once
#include "math/config.h"

namespace dinf {
constexpr int kMaxPlanes = 35;  // multi-indices of order <= 4 in 3 variables

struct MultiIndex {
  int a[kMaxDims] = {0, 0, 0};
  int order() const { return a[0] + a[1] + a[2]; }
  bool operator==(const MultiIndex& o) const { return a[0] == o.a[0] && a[1] == o.a[1] && a[2] == o.a[2]; }
};

struct JetSet {
  int count = 0;
  MultiIndex index[kMaxPlanes];

  int maxOrder() const {
    int k = 0;
    for (int i = 0; i < count; ++i) k = index[i].order() > k ? index[i].order() : k;
    return k;
  }
  int find(const MultiIndex& m) const {
    for (int i = 0; i < count; ++i)
      if (index[i] == m) return i;
    return -1;
  }
  int add(const MultiIndex& m) {
    const int at = find(m);
    if (at >= 0) return at;
    index[count] = m;
    return count++;
  }
  // Every multi-index of order <= K, graded lexicographic: closed under going down, which is what products of jets need.
  static JetSet closed(int dims, int order) {
    JetSet set;
    for (int k = 0; k <= order; ++k)
      for (int i = k; i >= 0; --i)
        for (int j = k - i; j >= 0; --j) {
          const int l = k - i - j;
          if ((dims < 2 && j > 0) || (dims < 3 && l > 0)) continue;
          set.index[set.count++] = MultiIndex{{i, j, l}};
        }
    return set;
  }
};

// The product of two truncated polynomials over a closed JetSet is c[t.out] += a[t.left] * b[t.right] over these triples.
struct JetProduct {
  struct Triple {
    unsigned char left, right, out;
  };
  int count = 0;
  Triple triples[210] = {};  // 3 variables, order 4: binomial(3 + 3 + 4, 4)

  explicit JetProduct(const JetSet& set) {
    for (int c = 0; c < set.count; ++c)
      for (int l = 0; l < set.count; ++l) {
        MultiIndex rest;
        bool fits = true;
        for (int k = 0; k < kMaxDims; ++k) {
          rest.a[k] = set.index[c].a[k] - set.index[l].a[k];
          fits = fits && rest.a[k] >= 0;
        }
        if (!fits) continue;
        triples[count++] = {static_cast<unsigned char>(l), static_cast<unsigned char>(set.find(rest)), static_cast<unsigned char>(c)};
      }
  }
};
}  // namespace dinf
