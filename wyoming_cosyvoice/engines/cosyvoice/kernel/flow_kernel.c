/* The velocity of the flow's ODE on a CPU with AVX-512 VNNI: the U-Net over frames of flow_estimator.onnx.

   Rows are [time, channels], so a convolution is a product over rows that overlap: three taps of C channels are one row of
   3 C numbers that begins a frame earlier. Weights are the graph's, 8 bits and a scale an output. Each row that is
   multiplied is rounded to 8 bits with a scale of its own, where the graph has one for all frames. Attention is in
   bfloat16 where the processor multiplies it, else in float32; all else is float32. */

#if defined(__x86_64__) && defined(__GNUC__)

#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "memory.h"

enum { WIDE = 16, SIDE = 4, PANEL = SIDE * WIDE, ROWS = 6, SLAB = 96, GROUPS = 8, HEAD = 64, MELS = 80 };
enum { SET, ADD, GELU }; /* what becomes of a product: kept, added to what is there, or kept after the activation */
static const float EPSILON = 1e-5f, LOWEST = -1e30f;

typedef float vf __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(64), aligned(4), may_alias));

typedef struct {
  int32_t outputs, inputs;
  size_t bytes;
  int8_t *codes;   /* [panels, inputs / 4, PANEL, 4] */
  float *scales;   /* [outputs] */
  float *bias;     /* [outputs] */
  int32_t *middle; /* [outputs]: what the 128 that is added to each input makes of the sums, with its sign turned */
} linear;

typedef struct {
  float *scale, *bias;
} norm;

typedef struct {
  norm before[2];
  linear qkv, out, up, down;
} transformer;

typedef struct {
  linear first, second, straight;
  norm norm[2];
  transformer *block;
} stage;

typedef struct {
  int32_t channels, inner, hidden, blocks, stages, head, narrow; /* narrow: without bfloat16 */
  stage *stage;
  linear halve, same, twice, last, end; /* between the stages, in the order of their use */
  norm end_norm;
  float *velocity, *velocity_bias; /* [channels, MELS] and [MELS] */
} flow;

typedef struct {
  uint8_t *codes;   /* [SLAB, widest] */
  float *scales;    /* [SLAB] */
  float *hidden;    /* [SLAB, widest product] */
  float *row;       /* one row before it is rounded */
  float *heads;     /* [frames, inner], what the heads say */
  uint32_t *query, *key, *value; /* in the layouts of `attend` */
  float *scores;    /* [ROWS, frames padded to PANEL] */
  uint32_t *shares; /* the same, as the second product of attention takes them */
} desk;

static size_t padded(size_t n, size_t to) { return (n + to - 1) / to * to; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* A row of zeros before and one behind x [rows, width]: what a convolution sees there. */
static void bound(float *x, size_t rows, size_t width) { memset(x - width, 0, width * 4), memset(x + rows * width, 0, width * 4); }

#define NAMED(name) name##_bf16
#define WITH_BF16 1
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,fma,prefer-vector-width=512")
#include "flow_lanes.h"
#pragma GCC pop_options
#undef NAMED
#undef WITH_BF16
#define NAMED(name) name##_vnni
#define WITH_BF16 0
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,prefer-vector-width=512")
#include "flow_lanes.h"
#pragma GCC pop_options

/* `sizes`: channels, width of all heads and of the layers between, transformers a stage, stages, width of a head. */
flow *cosyvoice_flow_new(const int32_t *sizes, int bfloat16) {
  flow *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  memcpy(f, sizes, 6 * sizeof(int32_t));
  f->narrow = !bfloat16;
  f->stage = calloc((size_t)f->stages, sizeof *f->stage);
  if (!f->stage) return free(f), NULL;
  for (int i = 0; i < f->stages; i++) {
    f->stage[i].block = calloc((size_t)f->blocks, sizeof *f->stage[i].block);
    if (!f->stage[i].block) {
      while (i--) free(f->stage[i].block);
      return free(f->stage), free(f), NULL;
    }
  }
  return f;
}

/* Of a stage: its convolutions, then four products a transformer; with a negative `index` those between the stages. */
static linear *linear_at(flow *f, int index, int which) {
  if (index < 0) return (linear *[]){&f->halve, &f->same, &f->twice, &f->last, &f->end}[which];
  stage *s = &f->stage[index];
  if (which < 3) return (linear *[]){&s->first, &s->second, &s->straight}[which];
  transformer *t = &s->block[(which - 3) / 4];
  return (linear *[]){&t->qkv, &t->out, &t->up, &t->down}[(which - 3) % 4];
}

/* Of a stage: the norms of its convolutions, then two a transformer; with a negative `index` that of the last convolution. */
static norm *norm_at(flow *f, int index, int which) {
  if (index < 0) return &f->end_norm;
  stage *s = &f->stage[index];
  return which < 2 ? &s->norm[which] : &s->block[(which - 2) / 2].before[which % 2];
}

/* `codes` are [inputs, outputs], both a multiple of 16; `bias` may be NULL. Returns 0, or -1 where memory is lacking. */
int cosyvoice_flow_linear(flow *f, int index, int which, int outputs, int inputs, const int8_t *codes, const float *scales, const float *bias) {
  linear *l = linear_at(f, index, which);
  const size_t wide = padded((size_t)outputs, PANEL);
  l->outputs = outputs, l->inputs = inputs, l->bytes = wide * (size_t)inputs;
  l->codes = pages(l->bytes), l->scales = floats(wide), l->bias = floats(wide), l->middle = (int32_t *)floats(wide);
  if (!l->codes || !l->scales || !l->bias || !l->middle) return -1;
  memcpy(l->scales, scales, (size_t)outputs * 4);
  if (bias) memcpy(l->bias, bias, (size_t)outputs * 4);
  for (int k = 0; k < inputs; k++)
    for (int n = 0; n < outputs; n++) {
      const int8_t code = codes[(size_t)k * outputs + n];
      l->codes[(((size_t)(n / PANEL) * inputs + k - k % 4) * PANEL) + (size_t)(n % PANEL) * 4 + k % 4] = code;
      l->middle[n] -= 128 * code;
    }
  return 0;
}

static float *copied(const float *from, size_t count) {
  float *at = floats(count);
  return at ? memcpy(at, from, count * 4) : NULL;
}

int cosyvoice_flow_norm(flow *f, int index, int which, const float *scale, const float *bias) {
  norm *n = norm_at(f, index, which);
  n->scale = copied(scale, (size_t)f->channels), n->bias = copied(bias, (size_t)f->channels);
  return n->scale && n->bias ? 0 : -1;
}

/* The last product, [channels, MELS] in float32. */
int cosyvoice_flow_velocity(flow *f, const float *weight, const float *bias) {
  f->velocity = copied(weight, (size_t)f->channels * MELS), f->velocity_bias = copied(bias, MELS);
  return f->velocity && f->velocity_bias ? 0 : -1;
}

static void drop(linear *l) {
  if (l->codes) munmap(l->codes, l->bytes);
  free(l->scales), free(l->bias), free(l->middle);
}

void cosyvoice_flow_free(flow *f) {
  for (int i = 0; i < f->stages; i++) {
    for (int which = 0; which < 3 + 4 * f->blocks; which++) drop(linear_at(f, i, which));
    for (int which = 0; which < 2 + 2 * f->blocks; which++) free(norm_at(f, i, which)->scale), free(norm_at(f, i, which)->bias);
    free(f->stage[i].block);
  }
  for (int which = 0; which < 5; which++) drop(linear_at(f, -1, which));
  free(f->end_norm.scale), free(f->end_norm.bias), free(f->velocity), free(f->velocity_bias);
  free(f->stage), free(f);
}

/* The velocity [frames, MELS] of x, mu and cond, all [frames, MELS], for a speaker [MELS] at a time [stages, channels].
   Returns 0, or -1 where memory is lacking. */
int cosyvoice_flow_run(const flow *f, int frames, const float *x, const float *mu, const float *speaker, const float *cond,
                       const float *time, float *velocity) {
  const size_t T = (size_t)frames, C = (size_t)f->channels, inner = (size_t)f->inner, hidden = (size_t)f->hidden;
  const size_t most = padded(T, PANEL), head = inner * most + PANEL, joined = larger(4 * MELS, 2 * C);
  const size_t taken = larger(larger(3 * joined, hidden), inner), made = larger(3 * inner, hidden);
  /* a window of three frames begins one before the first and ends one behind the last; halved, T may grow by one */
  const size_t wide = (T + 4) * joined, plain = (T + 4) * C;
  const size_t sizes[] = {wide, plain, plain, plain, plain, SLAB * taken / 4, SLAB, SLAB * made, taken, T * inner, head, head, head,
                          ROWS * most, ROWS * most};
  enum { PARTS = sizeof sizes / sizeof *sizes };
  size_t total = 0;
  for (int i = 0; i < PARTS; i++) total += padded(sizes[i], WIDE) + WIDE;
  float *memory = pages(total * 4), *at = memory, *part[PARTS];
  if (!memory) return -1;
  for (int i = 0; i < PARTS; i++) part[i] = at, at += padded(sizes[i], WIDE) + WIDE;
  const desk d = {(uint8_t *)part[5],   part[6],  part[7], part[8], part[9], (uint32_t *)part[10], (uint32_t *)part[11], (uint32_t *)part[12],
                  part[13], (uint32_t *)part[14]};
  float *given = part[0] + 2 * MELS * 4;
  for (size_t t = 0; t < T; t++) {
    float *to = given + t * 4 * MELS;
    memcpy(to, x + t * MELS, MELS * 4), memcpy(to + MELS, mu + t * MELS, MELS * 4);
    memcpy(to + 2 * MELS, speaker, MELS * 4), memcpy(to + 3 * MELS, cond + t * MELS, MELS * 4);
  }
  (f->narrow ? run_vnni : run_bf16)(f, frames, given, part + 1, time, &d, velocity);
  munmap(memory, total * 4);
  return 0;
}

#endif
