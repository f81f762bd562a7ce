// Arithmetic on the state block between the ops of an iteration: a few numbers each, so one thread or one warp. The cost is the
// launch.
#include "cuda/log.h"
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

__global__ void adamAdvanceKernel(double* slots, int lossSlot, int terms, int published, AdamSettings settings, const Log log) {
  if (threadIdx.x == 0) {
    double loss = 0;
    for (int i = 1; i <= terms; ++i) loss += slots[lossSlot + i];
    slots[lossSlot] = loss;
    generic::adamAdvance(slots, loss, settings);
  }
  __syncthreads();
  publishLine(log, slots + lossSlot, published);
}

__global__ void publishKernel(const double* __restrict__ slots, int count, const Log log) { publishLine(log, slots, count); }

constexpr int kThreads = 64;

void checkLine(int count, const Log& log) {
  check(count >= 0 && count <= log.width, ErrorCode::internal,
        "a line of the log holds " + std::to_string(log.width) + " slots, not " + std::to_string(count));
}

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
void adamAdvance(Context& context, const AdamSettings& settings, int lossSlot, int terms, int published, const Log& log) {
  checkLine(published, log);
  launch(adamAdvanceKernel, 1, kThreads, 0, context.stream(), context.slots(), lossSlot, terms, published, settings, log);
}
void publish(Context& context, int first, int count, const Log& log) {
  checkLine(count, log);
  launch(publishKernel, 1, kThreads, 0, context.stream(), static_cast<const double*>(context.slots() + first), count, log);
}

template void copySlots<float>(Context&, float*, int, int);
template void copySlots<double>(Context&, double*, int, int);

}  // namespace dinf::cuda
