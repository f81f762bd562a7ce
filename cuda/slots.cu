// Arithmetic on the state block between the ops of an iteration: a few numbers each, so one thread or one warp. The cost is the
// launch.
#include "cuda/ops.h"
#include "math/iteration.h"

namespace dinf::cuda {
namespace {

__global__ void setSlotKernel(double* slot, double value) { *slot = value; }

__global__ void clearSlotsKernel(double* slots, int count) {
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) slots[i] = 0;
}

__global__ void addSlotsKernel(double* slots, int to, int first, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += slots[first + i];
  slots[to] = sum;
}

template <class Real>
__global__ void copySlotsKernel(Real* __restrict__ out, const double* __restrict__ slots, int count) {
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) out[i] = static_cast<Real>(slots[i]);
}

__global__ void adamAdvanceKernel(double* slots, int lossSlot, AdamSettings settings) {
  generic::adamAdvance(slots, slots[lossSlot], settings);
}

__global__ void cglsStepKernel(double* slots) { generic::cglsStep(slots); }

__global__ void cglsAdvanceKernel(double* slots, CglsSettings settings) { generic::cglsAdvance(slots, settings); }

// The host polls `published` in pinned memory: it must not see the number before the line.
__global__ void publishKernel(const double* __restrict__ slots,
                              int count,
                              double* log,
                              volatile int64_t* published,
                              int64_t* lines,
                              int logWidth,
                              int logLines) {
  const int64_t number = *lines;
  double* line = log + number % logLines * logWidth;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) line[i] = slots[i];
  __threadfence_system();
  __syncthreads();
  if (threadIdx.x != 0) return;
  *lines = number + 1;
  __threadfence_system();
  *published = number + 1;
}

constexpr int kThreads = 64;

}  // namespace

void setSlot(Context& context, int slot, double value) {
  launch(setSlotKernel, 1, 1, 0, context.stream(), context.slots() + slot, value);
}
void clearSlots(Context& context, int first, int count) {
  if (count > 0) launch(clearSlotsKernel, 1, kThreads, 0, context.stream(), context.slots() + first, count);
}
void addSlots(Context& context, int to, int first, int count) {
  launch(addSlotsKernel, 1, 1, 0, context.stream(), context.slots(), to, first, count);
}
template <class Real>
void copySlots(Context& context, Real* out, int first, int count) {
  if (count > 0)
    launch(copySlotsKernel<Real>, 1, kThreads, 0, context.stream(), out, static_cast<const double*>(context.slots() + first),
           count);
}
void adamAdvance(Context& context, const AdamSettings& settings, int lossSlot) {
  launch(adamAdvanceKernel, 1, 1, 0, context.stream(), context.slots(), lossSlot, settings);
}
void cglsStep(Context& context) { launch(cglsStepKernel, 1, 1, 0, context.stream(), context.slots()); }
void cglsAdvance(Context& context, const CglsSettings& settings) {
  launch(cglsAdvanceKernel, 1, 1, 0, context.stream(), context.slots(), settings);
}
void publish(Context& context,
             int first,
             int count,
             double* log,
             volatile int64_t* published,
             int64_t* lines,
             int logWidth,
             int logLines) {
  check(count >= 0 && count <= logWidth, ErrorCode::internal,
        "a line of the log holds " + std::to_string(logWidth) + " slots, not " + std::to_string(count));
  launch(publishKernel, 1, kThreads, 0, context.stream(), static_cast<const double*>(context.slots() + first), count, log,
         published, lines, logWidth, logLines);
}

template void copySlots<float>(Context&, float*, int, int);
template void copySlots<double>(Context&, double*, int, int);

}  // namespace dinf::cuda
