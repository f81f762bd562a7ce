#include "core/knots.h"
#include <algorithm>

namespace dinf {
namespace {

// The splines that live on span [t[p], t[p + 1]] of 2 p + 2 knots, as polynomials in s = fraction - 1/2: Cox and de Boor's recursion with
// polynomials for numbers, all lengths in those of the span.
void piecesOf(const double* t, int p, double* out) {
  const double length = t[p + 1] - t[p], middle = 0.5 * (t[p] + t[p + 1]);
  const int taps = p + 1;
  std::vector<double> here(taps * taps, 0.0), next(taps * taps);
  here[0] = 1;
  for (int q = 1; q <= p; ++q) {
    std::fill(next.begin(), next.end(), 0.0);
    for (int j = 0; j < q; ++j) {
      // Spline j of degree q - 1 lies between knots `first` and `last`; it goes to splines j and j + 1 of degree q.
      const double first = (t[p - q + 1 + j] - middle) / length, last = (t[p + 1 + j] - middle) / length;
      const double width = last - first;
      for (int m = 0; m < q; ++m) {
        const double c = here[j * taps + m] / width;
        // (last - s) / width
        next[j * taps + m] += c * last;
        next[j * taps + m + 1] -= c;
        // (s - first) / width
        next[(j + 1) * taps + m] -= c * first;
        next[(j + 1) * taps + m + 1] += c;
      }
    }
    here.swap(next);
  }
  std::copy(here.begin(), here.end(), out);
}

}  // namespace

Knots::Knots(std::vector<double> knots, int degree, bool periodic) : knots_(std::move(knots)) {
  const int spans = static_cast<int>(knots_.size()) - 1, taps = degree + 1, all = spans + (periodic ? 1 : 0);
  // degree more knots a side: the ends over again, or those of the turns before and after.
  std::vector<double> full;
  for (int i = -degree; i <= spans + degree + 1; ++i) {
    if (!periodic) full.push_back(knots_[std::clamp(i, 0, spans)]);
    else if (i < 0) full.push_back(knots_[i + spans] - 1);
    else full.push_back(knots_[i % spans] + i / spans);
  }
  lower_.resize(all);
  inverse_.resize(all);
  pieces_.resize(static_cast<size_t>(all) * taps * taps, 0.0);
  for (int i = 0; i < all; ++i) {
    const double length = full[i + degree + 1] - full[i + degree];
    lower_[i] = full[i + degree];
    inverse_[i] = length > 0 ? 1 / length : 0;
    if (length > 0) piecesOf(full.data() + i, degree, pieces_.data() + static_cast<int64_t>(i) * taps * taps);
  }
  table_ = {all, degree, lower_.data(), inverse_.data(), pieces_.data()};
}

}  // namespace dinf
