/* Memory of the kernels, all of it zeros. NULL where it is lacking. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* To be given back with munmap. */
static void *pages(size_t bytes) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return NULL;
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
