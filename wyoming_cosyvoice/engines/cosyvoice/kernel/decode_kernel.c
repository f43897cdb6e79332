/* The language model's step on a CPU: lanes of new rows through all layers, weights in blocks of 8 or 4 bits.

   What costs time is to read the weights, once a step however many lanes there are. So they lie as they are read: panels
   of 16 outputs, four inputs of an output side by side as the dot product of a processor wants them. The key/value cache
   and the table of relative positions are in float16. All arithmetic of a lane is the same whatever lanes, threads or
   instruction set it runs with: vectors always have 16 numbers, sums always the same order. */

#if defined(__x86_64__) && defined(__GNUC__)

#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "memory.h"

enum { LANES = 32, GROUP = 4, WIDE = 16, THREADS = 16 };
enum { SET, RELU, ADD }; /* what becomes of a product: kept, its negative part dropped, or added to what is there */

typedef float vf __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(64), aligned(4), may_alias));

typedef struct {
  int32_t outputs, inputs, bits, block, blocks, panels;
  size_t bytes;
  uint8_t *codes; /* [panels, blocks, block / 4, 16, 4], two inputs a byte in 4 bits */
  float *scales;  /* [panels, blocks, 16] */
  float *bias;    /* [panels, 16] */
} linear;

typedef struct {
  float *scale, *bias;
} norm;

typedef struct {
  linear qkv, out, up, down;
  norm first, second;
  float *position_bias;
  const uint16_t *relative; /* [heads, positions, head_width] float16, not ours */
} layer;

typedef struct {
  int32_t width, inner, layers, heads, head_width, inputs, outputs, positions, vector512;
  linear embed, head;
  norm embed_norm, last_norm;
  layer *layer;
} model;

typedef struct {
  const model *m;
  int32_t lanes, threads, capacity;
  const float *rows;        /* [lanes, inputs] */
  const int32_t *sequence;  /* of each lane: its row of the cache */
  const int32_t *position;  /* of each lane */
  const uint8_t *wanted;    /* whether a lane's logits are */
  uint16_t *keys, *values;  /* [layers, capacity, heads, positions, head_width] float16 */
  float *logits;            /* [lanes, outputs] */
  float *x, *qkv, *attended, *inner, *first;
  atomic_int begin, arrived, turn;
} step;

typedef struct {
  int8_t *codes;   /* [lanes, inputs] */
  float *scales;   /* [lanes, blocks] */
  int32_t *sums;   /* [lanes, blocks] */
  float *normed;   /* [lanes, width] */
  float *scores;   /* [positions] */
} desk;

static int padded(int n, int to) { return (n + to - 1) / to * to; }

static void meet(step *s) {
  int turn = atomic_load_explicit(&s->turn, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&s->arrived, 1, memory_order_acq_rel) == s->threads - 1) {
    atomic_store_explicit(&s->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&s->turn, turn + 1, memory_order_release);
    return;
  }
  for (int i = 0; atomic_load_explicit(&s->turn, memory_order_acquire) == turn; i++) {
    if (i < 2000) _mm_pause();
    else sched_yield();
  }
}

#define NAMED(name) name##_avx512
#define WITH_512 1
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni,fma,f16c,prefer-vector-width=512")
#include "decode_lanes.h"
#pragma GCC pop_options
#undef NAMED
#undef WITH_512
#define NAMED(name) name##_avx2
#define WITH_512 0
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#include "decode_lanes.h"
#pragma GCC pop_options

/* 3: AVX-512 with VNNI and bfloat16, 2: with VNNI, 1: AVX2, 0: none of them. */
int cosyvoice_vectors(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return __builtin_cpu_supports("avx512bf16") ? 3 : 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

model *cosyvoice_new(const int32_t *sizes, int vectors) {
  model *m = calloc(1, sizeof *m);
  if (!m) return NULL;
  memcpy(m, sizes, 8 * sizeof(int32_t));
  m->vector512 = vectors >= 2;
  m->layer = calloc((size_t)m->layers, sizeof *m->layer);
  return m->layer ? m : (free(m), NULL);
}

static linear *linear_at(model *m, int index, int which) {
  if (index < 0) return which ? &m->head : &m->embed;
  layer *l = &m->layer[index];
  return which == 0 ? &l->qkv : which == 1 ? &l->out : which == 2 ? &l->up : &l->down;
}

int cosyvoice_linear(model *m, int index, int which, int outputs, int inputs, int bits, int block, const uint8_t *codes,
                     const float *scales, const float *bias) {
  linear *l = linear_at(m, index, which);
  int blocks = (inputs + block - 1) / block, panels = (outputs + WIDE - 1) / WIDE, row = blocks * block * bits / 8;
  l->outputs = outputs, l->inputs = inputs, l->bits = bits, l->block = block, l->blocks = blocks, l->panels = panels;
  l->bytes = (size_t)panels * WIDE * row;
  l->codes = pages(l->bytes);
  l->scales = floats((size_t)panels * blocks * WIDE);
  l->bias = floats((size_t)panels * WIDE);
  if (!l->codes || !l->scales || !l->bias) return -1;
  for (int p = 0; p < panels; p++)
    for (int c = 0; c < WIDE && p * WIDE + c < outputs; c++) {
      int n = p * WIDE + c;
      const uint8_t *from = codes + (size_t)n * row;
      uint8_t *to = l->codes + (size_t)p * WIDE * row;
      l->bias[n] = bias ? bias[n] : 0;
      for (int b = 0; b < blocks; b++) l->scales[((size_t)p * blocks + b) * WIDE + c] = scales[(size_t)n * blocks + b];
      if (bits == 8) {
        for (int k = 0; k < row; k += 4) memcpy(to + k * WIDE + 4 * c, from + k, 4);
      } else {
        for (int k = 0; k < row; k += 4)
          for (int i = 0; i < 4; i++) {
            int low = from[k + i / 2] >> (i % 2 * 4) & 15, high = from[k + 2 + i / 2] >> (i % 2 * 4) & 15;
            to[k * WIDE + 4 * c + i] = (uint8_t)(low | high << 4);
          }
      }
    }
  return 0;
}

int cosyvoice_norm(model *m, int index, int which, const float *scale, const float *bias) {
  norm *n = index < 0 ? (which ? &m->last_norm : &m->embed_norm) : which ? &m->layer[index].second : &m->layer[index].first;
  size_t bytes = (size_t)m->width * 4;
  n->scale = floats((size_t)m->width), n->bias = floats((size_t)m->width);
  if (!n->scale || !n->bias) return -1;
  memcpy(n->scale, scale, bytes), memcpy(n->bias, bias, bytes);
  return 0;
}

int cosyvoice_positions(model *m, int index, const float *bias, const uint16_t *relative) {
  m->layer[index].relative = relative;
  m->layer[index].position_bias = floats((size_t)m->width);
  if (!m->layer[index].position_bias) return -1;
  memcpy(m->layer[index].position_bias, bias, (size_t)m->width * 4);
  return 0;
}

static void drop(linear *l) {
  if (l->codes) munmap(l->codes, l->bytes);
  free(l->scales), free(l->bias);
}

void cosyvoice_free(model *m) {
  for (int i = 0; i < m->layers; i++) {
    layer *l = &m->layer[i];
    drop(&l->qkv), drop(&l->out), drop(&l->up), drop(&l->down);
    free(l->first.scale), free(l->first.bias), free(l->second.scale), free(l->second.bias), free(l->position_bias);
  }
  drop(&m->embed), drop(&m->head);
  free(m->embed_norm.scale), free(m->embed_norm.bias), free(m->last_norm.scale), free(m->last_norm.bias);
  free(m->layer), free(m);
}

typedef struct {
  step *s;
  int index;
  desk d;
} worker;

static void *work(void *at) {
  worker *w = at;
  while (!atomic_load_explicit(&w->s->begin, memory_order_acquire)) sched_yield();
  (w->s->m->vector512 ? part_avx512 : part_avx2)(w->s, &w->d, w->index);
  return NULL;
}

/* Returns 0, or -1 where memory is lacking. */
int cosyvoice_step(const model *m, int threads, int lanes, int capacity, const float *rows, const int32_t *sequence,
                   const int32_t *position, const uint8_t *wanted, uint16_t *keys, uint16_t *values, float *logits) {
  if (lanes < 1 || lanes > LANES) return -1;
  if (threads > THREADS) threads = THREADS;
  if (threads > m->heads) threads = m->heads;
  int wide = m->inner > m->width ? m->inner : m->width, longest = wide > m->inputs ? wide : m->inputs;
  const size_t count = (size_t)lanes, row = (size_t)padded(longest, 256), blocks = row / 16;
  size_t each = count * row / 4 + 2 * count * blocks + count * (size_t)m->width + (size_t)m->positions + 5 * WIDE;
  size_t shared = count * (size_t)(m->width * 6 + m->inner);
  float *memory = floats(shared + each * (size_t)threads);
  if (!memory) return -1;
  step s = {m, lanes, threads, capacity, rows, sequence, position, wanted, keys, values, logits};
  float *at = memory;
  s.x = at, at += count * m->width;
  s.first = at, at += count * m->width;
  s.attended = at, at += count * m->width;
  s.qkv = at, at += 3 * count * m->width;
  s.inner = at, at += count * m->inner;
  worker crew[THREADS] = {0};
  for (int i = 0; i < threads; i++, at += each) {
    float *own = at;
    crew[i].s = &s, crew[i].index = i;
    crew[i].d.codes = (int8_t *)own, own += count * row / 4;
    crew[i].d.scales = own, own += count * blocks;
    crew[i].d.sums = (int32_t *)own, own += count * blocks;
    crew[i].d.normed = own, own += count * m->width;
    crew[i].d.scores = own;
  }
  pthread_t others[THREADS];
  int begun = 1;
  for (; begun < threads; begun++)
    if (pthread_create(&others[begun], NULL, work, &crew[begun])) break;
  s.threads = begun; /* where the system has no more threads, those there are do it all */
  atomic_store_explicit(&s.begin, 1, memory_order_release);
  work(&crew[0]);
  for (int i = 1; i < begun; i++) pthread_join(others[i], NULL);
  free(memory);
  return 0;
}

#else

int cosyvoice_vectors(void) { return 0; }

#endif
