// Times single ops of the CPU backend, for benchmarks/ops.mjs.
//
//   dinf_ops [--threads N]
//
// Reads commands, a line each, and answers each with a line of JSON, so that two builds can be timed in turns:
//   list          every case: its number, op, setting
//   time K        case K of that list, once: seconds of a call, calls, flops and bytes of a call, threads
//   calibrated K  the same between two calibrations: also the rate of multiply-adds and the bandwidth at the case's footprint
// The case asked for last stays in memory.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include "cpu/kernels.h"
#include "decoder_ops.h"
#include "direct_ops.h"
#include "encoder_ops.h"
#include "program_ops.h"
#include "vector_ops.h"

namespace dinf::bench {
namespace {

class Bench {
 public:
  explicit Bench(int threads) : machine_(threads) {
    sampleCases(cases_);
    encoderCases(cases_);
    decoderCases(cases_);
    programCases(cases_);
    vectorCases(cases_);
    directCases(cases_);
  }

  void list() const {
    std::printf("{\"instructionSet\":\"%s\",\"threads\":%d,\"cases\":[", cpuInstructionSet(), machine_.threads);
    for (size_t i = 0; i < cases_.size(); ++i)
      std::printf("%s{\"op\":\"%s\",\"setting\":\"%s\"}", i ? "," : "", cases_[i].op.c_str(), cases_[i].setting.c_str());
    std::printf("]}\n");
  }

  void time(size_t number, bool calibrated) {
    const Case& which = cases_.at(number);
    if (!held_ || number_ != number) {
      held_.reset();  // gives its memory back first
      held_ = which.make(machine_);
      number_ = number;
    }
    const double footprint = held_->footprint > 0 ? held_->footprint : held_->cost.bytes;
    const int threads = held_->threads > 0 ? held_->threads : machine_.threads;
    double flopRate = 0, bandwidth = 0;
    const auto calibrate = [&] {
      flopRate += machine_.calibration.flopRate(which.isDouble, threads) / 2;
      bandwidth += machine_.calibration.bandwidth(footprint, threads) / 2;
      machine_.calibration.rest();
    };
    if (calibrated) calibrate();
    const Timing timing = timed(*held_);
    machine_.rest();
    if (calibrated) calibrate();
    std::printf("{\"seconds\":%.9g,\"calls\":%lld,\"flops\":%.9g,\"bytes\":%.9g,\"threads\":%d", timing.seconds,
                static_cast<long long>(timing.calls), held_->cost.flops, held_->cost.bytes, threads);
    if (calibrated) std::printf(",\"flopRate\":%.6g,\"bandwidth\":%.6g", flopRate, bandwidth);
    std::printf("}\n");
  }

 private:
  Machine machine_;
  Cases cases_;
  std::optional<Prepared> held_;
  size_t number_ = 0;
};

}  // namespace
}  // namespace dinf::bench

int main(int argc, char** argv) {
  int threads = 1;
  for (int i = 1; i + 1 < argc; i += 2)
    if (std::string(argv[i]) == "--threads") threads = std::atoi(argv[i + 1]);
  dinf::bench::Bench bench(threads);
  std::string command;
  while (std::cin >> command) {
    try {
      size_t number = 0;
      if (command == "list") bench.list();
      else if ((command == "time" || command == "calibrated") && std::cin >> number) bench.time(number, command == "calibrated");
      else throw std::runtime_error("unknown command '" + command + "'");
    } catch (const std::exception& error) {
      std::printf("{\"error\":\"%s\"}\n", error.what());
    }
    std::fflush(stdout);
  }
  return 0;
}
