// Linked after the emulated sources of a target: where their thread_local variables end. See shared_memory.cpp.
#define DINF_JOIN_(a, b) a##b
#define DINF_JOIN(a, b) DINF_JOIN_(a, b)
#define DINF_BEGIN DINF_JOIN(dinf_shared_begin_, DINF_SHARED_RANGE)
extern "C" {
extern thread_local char DINF_BEGIN[64];
}

namespace cuda_emulation {
void addSharedRange(char* (*begin)(), char* (*end)());
namespace {
__attribute__((aligned(64))) thread_local char sharedEnd[64];
[[maybe_unused]] const bool added =
    (addSharedRange([]() -> char* { return DINF_BEGIN + 64; }, []() -> char* { return sharedEnd; }), true);
}  // namespace
}  // namespace cuda_emulation
