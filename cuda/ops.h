// The ops of core/backend.h as this backend launches them: one file an op, each declared here once. All are queued on the context's
// stream and return at once. Pointers are device memory; tiles of this backend are one range of samples.
#pragma once
#include "core/backend.h"
#include "cuda/context.h"

namespace dinf::cuda {
struct Log;

// --- vector.cu
template <class Real>
void fill(Context&, Real* to, Real value, int64_t count);
template <class Real>
void dot(Context&, const Real* x, const Real* y, int64_t count, int slot);
template <class Real>
void axpy(Context&, Real* y, double factor, int slot, const Real* x, int64_t count);
template <class Real>
void xpby(Context&, Real* y, const Real* x, int slot, int64_t count);
template <class Real>
void multiply(Context&, Real* out, const Real* x, const Real* y, int64_t count);
template <class Real>
void inverseRoots(Context&, Real* out, const Real* squares, double floor, int64_t count);
template <class Real>
void adam(Context&, const AdamVectors<Real>&, int64_t count, const AdamSettings&);
template <class Real>
void collectSums(Context&, Real* out, const double* sums, int64_t parts, int64_t count);

// --- slots.cu
void setSlot(Context&, int slot, double value);
void clearSlots(Context&, int first, int count);
void addSlots(Context&, int to, int first, int count);
template <class Real>
void copySlots(Context&, Real* out, int first, int count);
void adamAdvance(Context&, const AdamSettings&, int lossSlot, int terms, int published, const Log&);
void publish(Context&, int first, int count, const Log&);

// --- cgls.cu
template <class Real>
void cglsStep(Context&, Real* r, const Real* q, int64_t count);
template <class Real>
void cglsAdvance(Context&, Real* s, const Real* scale, const Real* y, const Real* p, int64_t count, const CglsSettings&, const Log&);
template <class Real>
void cglsTurn(Context&, const CglsVectors<Real>&, int64_t count, bool damped);

// --- fold.cu
template <class Real>
void fold(Context&, const FoldShape&, const Real* parameters, Real* packed);
template <class Real>
void foldAdjoint(Context&, const FoldShape&, const Real* parameters, Real* packed, Real* gradient);
template <class Real>
void foldAdjointAdam(Context&, const FoldShape&, Real* packed, const AdamVectors<Real>&, const AdamSettings&);

// --- refine.cu
template <class Real>
void refine(Context&, const GridShape&, int channels, Real* levels, Real* finest);
template <class Real>
void refineAdjoint(Context&, const GridShape&, int channels, const Real* finest, Real* levels);

// --- program.cu. `begin`: where the tile starts in planes of the whole set.
template <class Real>
void runProgram(Context&, const ProgramCall<Real>&, int64_t begin, int64_t count);

// --- mlp.cu. Planes are `samples` apart.
constexpr int kMlpParts = 64;  // partial sums of weight adjoints
template <class Real>
int64_t mlpStateSize(const MlpShape&, const JetSet&);
template <class Real>
void mlp(Context&, const MlpShape&, const JetSet&, const Real* weights, int64_t samples, const Real* in, Real* out, Real* state);
template <class Real>
void mlpTangent(Context&, const MlpShape&, const JetSet&, const Real* weights, const Real* weightTangents, int64_t samples, const Real* in,
                const Real* inTangent, Real* outTangent);
template <class Real>
void mlpAdjoint(Context&, const MlpShape&, const JetSet&, const Real* weights, int64_t samples, const Real* in, Real* state,
                const Real* outAdjoint, Real* inAdjoint, double* weightAdjoints);

}  // namespace dinf::cuda
