// The optimizers that a stage may have. Another one is a file of its own, a line here and one of the schema, and its reader in
// addon/arguments.cpp.
#pragma once
#include <variant>
#include "core/optimizer_adam.h"
#include "core/optimizer_gauss_newton.h"
#include "core/optimizer_lbfgs.h"

namespace dinf {

// In the order of StageKind.
using OptimizerOptions = std::variant<AdamStage, GaussNewtonStage, LbfgsStage>;
static_assert(std::variant_size_v<OptimizerOptions> == kStageKindCount, "one alternative for each kind of stage of the schema");

struct StageSpec : StageCommon {
  OptimizerOptions optimizer;
};

}  // namespace dinf
