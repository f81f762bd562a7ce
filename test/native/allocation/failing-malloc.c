// Preloaded into Node: lets every n-th allocation that the addon itself asks for fail, and no other. Node and V8 end the process where
// they get no memory, so who asks is told by the return address.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*next_malloc)(size_t);
static void *(*next_aligned)(size_t, size_t);
static uintptr_t first, last;
static unsigned long every, state = 88172645463325252ul, failed;

static int find(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  if (!strstr(info->dlpi_name, "dinf_grid.node")) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
      first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
      last = first + info->dlpi_phdr[i].p_memsz;
    }
  return 1;
}


static int fails(void *caller) {
  const uintptr_t at = (uintptr_t)caller;
  if (at < first || at >= last || every == 0) return 0;
  unsigned long x = __atomic_load_n(&state, __ATOMIC_RELAXED);  // xorshift; threads may overwrite each other's
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  __atomic_store_n(&state, x, __ATOMIC_RELAXED);
  if (x % every) return 0;
  __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) {
  if (!next_malloc) next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
  return fails(__builtin_return_address(0)) ? NULL : next_malloc(size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  if (!next_aligned) next_aligned = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
  return fails(__builtin_return_address(0)) ? NULL : next_aligned(alignment, size);
}

// The addon is loaded when its path is first opened by dlopen.
void *dlopen(const char *file, int mode) {
  static void *(*next)(const char *, int);
  if (!next) next = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
  void *library = next(file, mode);
  if (library && file && strstr(file, "dinf_grid.node")) {
    dl_iterate_phdr(find, NULL);
    const char *text = getenv("DINF_FAIL_EVERY");
    every = text ? strtoul(text, NULL, 10) : 0;
    const char *seed = getenv("DINF_FAIL_SEED");
    if (seed) state ^= strtoul(seed, NULL, 10) * 0x9e3779b97f4a7c15ul;
  }
  return library;
}

__attribute__((destructor)) static void tell(void) { fprintf(stderr, "%lu allocations failed\n", failed); }
