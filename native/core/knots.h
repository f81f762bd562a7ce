// The knots of an axis of a grid: where its cells end, and how smooth splines are there.
#pragma once
#include <vector>
#include "math/knots.h"

namespace dinf {

class Knots {
 public:
  // `knots`: ascending from 0 to 1, with inner ones repeated up to `degree` times; open at both ends, or periodic.
  Knots(std::vector<double> knots, int degree, bool periodic);

  const KnotTable& table() const { return table_; }
  const std::vector<double>& values() const { return knots_; }
  // Of the spans, one more where the axis is periodic: what a device copies.
  const std::vector<double>& lower() const { return lower_; }
  const std::vector<double>& inverse() const { return inverse_; }
  const std::vector<double>& pieces() const { return pieces_; }

  Knots(const Knots&) = delete;
  Knots& operator=(const Knots&) = delete;

 private:
  std::vector<double> knots_, lower_, inverse_, pieces_;
  KnotTable table_;
};

}  // namespace dinf
