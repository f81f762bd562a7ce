// The functions that code compiled with -fsanitize=thread calls. libtsan itself is not linked: it knows nothing of fibres, and it
// would want the whole process.
#include "races.h"
using namespace cuda_emulation;

#define DINF_CODE __builtin_return_address(0)
#define DINF_ACCESS(bytes)                                                                        \
  void __tsan_read##bytes(void* p) { touch(p, bytes, Access::read, DINF_CODE); }                  \
  void __tsan_write##bytes(void* p) { touch(p, bytes, Access::write, DINF_CODE); }                \
  void __tsan_unaligned_read##bytes(void* p) { touch(p, bytes, Access::read, DINF_CODE); }        \
  void __tsan_unaligned_write##bytes(void* p) { touch(p, bytes, Access::write, DINF_CODE); }      \
  void __tsan_volatile_read##bytes(void* p) { touch(p, bytes, Access::volatileRead, DINF_CODE); } \
  void __tsan_volatile_write##bytes(void* p) { touch(p, bytes, Access::volatileWrite, DINF_CODE); }
// std::atomic and reference counts of the host's part of a source: plain atomics, of no interest here.
#define DINF_HOST_ATOMIC(bits, T)                                                                                   \
  T __tsan_atomic##bits##_load(const volatile T* p, int) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }           \
  void __tsan_atomic##bits##_store(volatile T* p, T v, int) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }           \
  T __tsan_atomic##bits##_exchange(volatile T* p, T v, int) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_add(volatile T* p, T v, int) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_sub(volatile T* p, T v, int) { return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_and(volatile T* p, T v, int) { return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_or(volatile T* p, T v, int) { return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }   \
  T __tsan_atomic##bits##_fetch_xor(volatile T* p, T v, int) { return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST); } \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* e, T v, int, int) {                           \
    return __atomic_compare_exchange_n(p, e, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                         \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* e, T v, int, int) {                             \
    return __atomic_compare_exchange_n(p, e, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                          \
  }

extern "C" {
void __tsan_init() { markInstrumented(); }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* p, size_t bytes) { touch(p, bytes, Access::read, DINF_CODE); }
void __tsan_write_range(void* p, size_t bytes) { touch(p, bytes, Access::write, DINF_CODE); }
void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}
DINF_ACCESS(1)
DINF_ACCESS(2)
DINF_ACCESS(4)
DINF_ACCESS(8)
DINF_ACCESS(16)
DINF_HOST_ATOMIC(8, uint8_t)
DINF_HOST_ATOMIC(16, uint16_t)
DINF_HOST_ATOMIC(32, uint32_t)
DINF_HOST_ATOMIC(64, uint64_t)
}
