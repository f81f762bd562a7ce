// Plain JavaScript values into the structures of core/, with types, lengths and finiteness checked: nothing that comes
// through here can make the native layer read out of bounds.
#pragma once
#include <napi.h>
#include "core/solver.h"

namespace dinf {
ProblemSpec readProblem(const Napi::Object& from);
std::vector<StageSpec> readStages(const Napi::Value& from);
OptimizerState readOptimizerState(const Napi::Value& from);
EvaluationSpec readEvaluation(const Napi::Object& from, const ProblemSpec& problem);
// `sampleCounts`: one a term.
Variations readVariations(const Napi::Object& from, const ProblemSpec& problem, const std::vector<int64_t>& sampleCounts);
// One value a sample in each channel.
std::vector<std::vector<double>> readChannels(const Napi::Value& from, int64_t count);
int64_t sampleCount(const SampleSetSpec& spec);
std::vector<double> readDoubles(const Napi::Value& from, const char* name);
}  // namespace dinf
