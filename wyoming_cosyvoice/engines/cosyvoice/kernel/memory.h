/* Memory of the kernels, all of it zeros. NULL where it is lacking. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* To be given back with munmap. Where it is large it begins with a large page. */
static void *pages(size_t bytes) {
  enum { LARGE = 1 << 21 };
  const size_t more = bytes < LARGE ? 0 : LARGE;
  uint8_t *at = mmap(NULL, bytes + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return NULL;
  if (more) {
    const size_t before = -(uintptr_t)at % LARGE, end = (before + bytes + 4095) / 4096 * 4096;
    if (before) munmap(at, before);
    if (end < bytes + more) munmap(at + end, bytes + more - end);
    at += before;
  }
#ifdef MADV_HUGEPAGE
  madvise(at, bytes, MADV_HUGEPAGE);
#endif
  return at;
}

/* `n` of them and a vector more, to be given back with free. */
static void *floats(size_t n) {
  void *at = NULL;
  const size_t bytes = (n + 16) * sizeof(float);
  return posix_memalign(&at, 64, bytes) ? NULL : memset(at, 0, bytes);
}
