/* The vocoder's samples on a CPU, in float32.

   Nearly all of the work are convolutions of 3 to 11 taps with as many inputs as outputs. A block of 16 or 32 rows goes
   through a real Fourier transform; convolving is then one product of matrices for each number of the spectrum instead
   of one for each tap: of 22 outputs with 11 taps 47 products, not 242. A complex product is made of three real ones:
   (a + bi)(c + di) has ac - bd and (a + b)(c + d) - ac - bd. So the planes of a block of N are its first and its N/2nd
   number, which are real, and of each between them the real part, the imaginary part and their sum.

   Rows are [time, channels]; channels are padded with zeros to a multiple of 16. */

#if defined(__x86_64__) && defined(__GNUC__)

#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MELS = 80, HOP = 256, TILE = 96, BEFORE = 32, BEHIND = 192 };
static const float LARGEST = 100, CEILING = 0.99f;
/* of 0 to 8 thirty-seconds of a turn */
static const float cosines[9] = {1, 0.980785280f, 0.923879533f, 0.831469612f, 0.707106781f, 0.555570233f, 0.382683432f, 0.195090322f, 0};

typedef struct {
  int32_t inputs, outputs;
  float *weights; /* panels of 16 or 32 outputs: [panels, inputs, 16 or 32] */
  float *bias;    /* [outputs] */
} dense;

typedef struct {
  float *turns, *inverse; /* a / pi and 1 / a, [channels] */
} snake;

typedef struct {
  int32_t size, taps, planes, inputs, outputs;
  size_t plane;   /* numbers of a plane of weights */
  float *weights; /* [planes], each as in `dense` */
  float *bias;
} convolution;

typedef struct {
  convolution first[3], second[3];
  snake before[3], between[3];
} block;

typedef struct {
  int32_t channels, stride, pad;
  dense up, down;
  block block[4]; /* the excitation's, then those whose mean is taken */
} stage;

typedef struct {
  int32_t wide, kept; /* numbers of a vector; channels between the halves without padding */
  dense before, after, transform, inverse;
  float edges[8];
  stage stage[2];
} wave;

typedef struct {
  float *x, *y, *one, *two, *part, *sum, *wide, *spectra, *samples, *work;
} desk;

static int whole(int n, int to) { return (n + to - 1) / to * to; }

static float *zeros(size_t n) {
  void *at = NULL;
  return posix_memalign(&at, 64, (n + 16) * 4) ? NULL : memset(at, 0, (n + 16) * 4);
}

static void *pages(size_t bytes) { /* zeros */
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
  madvise(at, bytes, MADV_HUGEPAGE);
#endif
  return at;
}

#define NAMED(name) name##_wave512
#define WIDTH 16
#define ROWS 12
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,fma,prefer-vector-width=512")
#include "wave_lanes.h"
#pragma GCC pop_options
#undef NAMED
#undef WIDTH
#undef ROWS
#define NAMED(name) name##_wave256
#define WIDTH 8
#define ROWS 6
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#include "wave_lanes.h"
#pragma GCC pop_options

/* `sizes`: channels of each stage's input and output, padded; stride and padding of each excitation; channels between. */
wave *cosyvoice_wave_new(const int32_t *sizes, const float *edges, int vectors) {
  wave *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->wide = vectors == 2 ? 16 : 8;
  for (int i = 0; i < 2; i++) {
    stage *s = &w->stage[i];
    s->up.inputs = sizes[i], s->channels = sizes[i + 1], s->stride = sizes[3 + 2 * i], s->pad = sizes[4 + 2 * i];
  }
  w->kept = sizes[7];
  memcpy(w->edges, edges, sizeof w->edges);
  return w;
}

static float *bias_of(const float *bias, int count) {
  float *at = zeros((size_t)count);
  if (at && bias) memcpy(at, bias, (size_t)count * 4);
  return at;
}

/* Lay a matrix [inputs, outputs] as panels. */
static void pack(const float *from, int inputs, int outputs, int panel, float *to) {
  for (int n = 0; n < outputs; n += panel)
    for (int k = 0; k < inputs; k++, to += panel)
      memcpy(to, from + (size_t)k * outputs + n, (size_t)(outputs - n < panel ? outputs - n : panel) * 4);
}

/* Which: 0 before, 1 after, 2 transform, 3 its inverse; 4 and 5 up, 6 and 7 down. `weight` is [inputs, outputs]. */
int cosyvoice_wave_dense(wave *w, int which, int inputs, int outputs, const float *weight, const float *bias, int biases) {
  dense *const all[] = {&w->before,       &w->after,          &w->transform,       &w->inverse,
                        &w->stage[0].up, &w->stage[1].up, &w->stage[0].down, &w->stage[1].down};
  dense *l = all[which];
  l->inputs = inputs, l->outputs = outputs;
  l->weights = zeros((size_t)inputs * whole(outputs, 2 * w->wide));
  l->bias = bias_of(bias, biases);
  if (!l->weights || !l->bias) return -1;
  pack(weight, inputs, outputs, 2 * w->wide, l->weights);
  return 0;
}

int cosyvoice_wave_snake(wave *w, int index, int number, int which, int pair, const float *turns, const float *inverse) {
  snake *s = which ? &w->stage[index].block[number].between[pair] : &w->stage[index].block[number].before[pair];
  s->turns = bias_of(turns, w->stage[index].channels), s->inverse = bias_of(inverse, w->stage[index].channels);
  return s->turns && s->inverse ? 0 : -1;
}

/* Longer blocks take fewer products and more memory: 47 planes for 26 outputs of 7 taps, 23 for 10. With 256 channels the
   12 convolutions of 7 taps would take 148 MB instead of 72. */
static int size_for(int taps, int channels) { return taps > 7 || (taps > 3 && channels <= 128) ? 32 : 16; }

/* `weight` is [taps, channels, channels]: inputs, then outputs. */
int cosyvoice_wave_convolution(wave *w, int index, int number, int which, int pair, int taps, const float *weight, const float *bias) {
  block *b = &w->stage[index].block[number];
  convolution *l = which ? &b->second[pair] : &b->first[pair];
  const int channels = w->stage[index].channels, size = size_for(taps, channels);
  const size_t square = (size_t)channels * channels;
  l->size = size, l->taps = taps, l->planes = 3 * size / 2 - 1, l->inputs = l->outputs = channels;
  l->plane = (size_t)channels * whole(channels, 2 * w->wide);
  const size_t bytes = l->plane * l->planes * 4;
  float *one = zeros(square);
  l->weights = pages(bytes);
  l->bias = bias_of(bias, channels);
  if (!one || !l->weights || !l->bias) return free(one), -1;
  for (int p = 0; p < l->planes; p++) {
    const int f = p < 2 ? p * size / 2 : (p - 2) / 3 + 1, part = p < 2 ? 0 : (p - 2) % 3;
    float factor[32];
    for (int k = 0; k < taps; k++) {
      const double angle = 2 * M_PI * f * k / size, c = cos(angle), s = sin(angle);
      factor[k] = (float)((part == 0 ? c : part == 1 ? s : c + s) / size);
    }
    (w->wide == 16 ? plane_wave512 : plane_wave256)(square, taps, weight, factor, one);
    pack(one, channels, channels, 2 * w->wide, l->weights + p * l->plane);
  }
  free(one);
  return 0;
}

static void drop(convolution *l) {
  if (l->weights) munmap(l->weights, l->plane * l->planes * 4);
  free(l->bias);
}

void cosyvoice_wave_free(wave *w) {
  dense *const all[] = {&w->before,       &w->after,          &w->transform,       &w->inverse,
                        &w->stage[0].up, &w->stage[1].up, &w->stage[0].down, &w->stage[1].down};
  for (int i = 0; i < 8; i++) free(all[i]->weights), free(all[i]->bias);
  for (int i = 0; i < 24; i++) {
    block *b = &w->stage[i / 12].block[i / 3 % 4];
    drop(&b->first[i % 3]), drop(&b->second[i % 3]);
    free(b->before[i % 3].turns), free(b->before[i % 3].inverse), free(b->between[i % 3].turns), free(b->between[i % 3].inverse);
  }
  free(w);
}

/* One half of the way from mel to samples: `from` [80, frames] or [channels, 8 frames] becomes `out` [channels, 8 frames]
   or [256 frames]. Returns 0, or -1 where memory is lacking. */
int cosyvoice_wave_half(const wave *w, int half, int frames, const float *from, const float *source, float *out) {
  const stage *s = &w->stage[half];
  const size_t channels = (size_t)s->channels, inputs = (size_t)s->up.inputs;
  const size_t rows = (half ? 8 : 1) * (size_t)frames, count = 8 * rows + 1, spectra = 64 * (size_t)frames + 1;
  const size_t least = rows < 16 ? 16 : rows, most = count < 16 ? 16 : count;
  const size_t before = (size_t)(frames + 32) * MELS, side = most * channels, padded = (BEFORE + count + BEHIND) * channels;
  const size_t x = least * inputs, y = 16 * channels + (side > before ? side : before), part = side > 16 * spectra ? side : 16 * spectra;
  const size_t wide = 16 * channels * least > 32 * spectra ? 16 * channels * least : 32 * spectra;
  const size_t lines = (16 + spectra + 16 * 8) * 32, work = 2 * 47 * (TILE * channels + 16);
  const size_t sizes[] = {x, y, padded, padded, part, side, wide, lines, (size_t)HOP * frames + 64, work};
  size_t total = 0;
  for (int i = 0; i < 10; i++) total += (sizes[i] + 31) / 16 * 16;
  float *memory = pages(total * 4), *at = memory, *places[10];
  if (!memory) return -1;
  for (int i = 0; i < 10; i++) places[i] = at, at += (sizes[i] + 31) / 16 * 16;
  desk d = {places[0], places[1] + 8 * channels, places[2] + BEFORE * channels, places[3] + BEFORE * channels,
            places[4], places[5],                places[6],                     places[7] + 8 * 32,
            places[8], places[9]};
  if (half) (w->wide == 16 ? fine_wave512 : fine_wave256)(w, frames, from, source, &d, out);
  else (w->wide == 16 ? coarse_wave512 : coarse_wave256)(w, frames, from, source, &d, out);
  munmap(memory, total * 4);
  return 0;
}

#endif
