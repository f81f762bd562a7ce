// Linked before the emulated sources of a target: where their thread_local variables start. See shared_memory.cpp.
#define DINF_JOIN_(a, b) a##b
#define DINF_JOIN(a, b) DINF_JOIN_(a, b)
extern "C" {
extern thread_local char DINF_JOIN(dinf_shared_begin_, DINF_SHARED_RANGE)[64];
__attribute__((aligned(64))) thread_local char DINF_JOIN(dinf_shared_begin_, DINF_SHARED_RANGE)[64];
}
