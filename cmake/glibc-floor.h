/* Keeps a binary built on a new glibc loading on an older one: glibc 2.35 gave hypot a new symbol version, which differs from the
 * first in errno alone. Included ahead of the sources that call it. */
#include <features.h>
#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver hypot,hypot@GLIBC_2.2.5");
__asm__(".symver hypotf,hypotf@GLIBC_2.2.5");
#endif
