/* The vocoder's samples on a CPU.

   Nearly all of the work are convolutions of 3 to 11 taps with as many inputs as outputs. A block of 16 or 32 rows goes
   through a real Fourier transform; convolving is then one product of matrices for each number of the spectrum instead
   of one for each tap: of 22 outputs with 11 taps 47 products, not 242. A complex product is made of three real ones:
   (a + bi)(c + di) has ac - bd and (a + b)(c + d) - ac - bd. So the planes of a block of N are its first and its N/2nd
   number, which are real, and of each between them the real part, the imaginary part and their sum.

   Rows are [time, channels]; channels are padded with zeros to a multiple of 16. All arithmetic is float32, but where the
   processor multiplies bfloat16: there the planes of these convolutions and the inputs of the upsampling are rounded to it,
   and their weights, before they are multiplied; the products are added up in float32. */

#if defined(__x86_64__) && defined(__GNUC__)

#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "memory.h"

enum { MELS = 80, HOP = 256, BEFORE = 32, BEHIND = 192 };
static const float LARGEST = 100, CEILING = 0.99f;
/* of 0 to 8 thirty-seconds of a turn */
static const float cosines[9] = {1, 0.980785280f, 0.923879533f, 0.831469612f, 0.707106781f, 0.555570233f, 0.382683432f, 0.195090322f, 0};

typedef struct {
  int32_t inputs, outputs;
  float *weights; /* [panels, units, outputs of a panel] */
  float *bias;    /* [outputs] */
} dense;

typedef struct {
  float *turns, *inverse; /* a / pi and 1 / a, both [channels] */
} snake;

typedef struct {
  int32_t size, taps, planes, inputs, outputs;
  size_t bytes;   /* of the weights */
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

typedef struct wave wave;
typedef struct desk desk;

/* What sets an instruction set apart (see wave_lanes.h). */
typedef struct {
  int32_t panel, tile, halves, ends;
  void (*plane)(size_t count, int taps, const float *weight, const float *factor, float *sum);
  void (*half[2])(const wave *w, int frames, const float *from, const float *source, const desk *d, float *out);
} form;

struct wave {
  const form *form;
  int32_t kept; /* channels between the halves without padding */
  dense before, after, transform, inverse;
  float edges[8];
  stage stage[2];
};

struct desk {
  float *x, *y, *one, *two, *part, *sum, *wide, *spectra, *samples, *work;
};

/* Outputs of a block. */
static int outputs_of(const convolution *l, int ends) { return l->taps > 1 ? l->size - l->taps + 1 + 2 * ends : l->size; }

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define NAMED(name) name##_avx2
#define WIDTH 8
#define ROWS 6
#define VECTORS 2
#define TILE 96
#define HALVES 0
#define ENDS 0
#include "wave_lanes.h"
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#define NAMED(name) name##_avx512
#define WIDTH 16
#define ROWS 6
#define VECTORS 4
#define TILE 48
#define HALVES 0
#define ENDS 1
#include "wave_lanes.h"

#pragma GCC target("avx512bf16")
#define NAMED(name) name##_bf16
#define WIDTH 16
#define ROWS 6
#define VECTORS 4
#define TILE 48
#define HALVES 1
#define ENDS 1
#include "wave_lanes.h"
#pragma GCC pop_options

/* `sizes`: channels of each stage's input and output, padded; stride and padding of each excitation; channels between.
   `vectors`: see cosyvoice_vectors. */
wave *cosyvoice_wave_new(const int32_t *sizes, const float *edges, int vectors) {
  wave *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  for (int i = 0; i < 2; i++) {
    stage *s = &w->stage[i];
    s->up.inputs = sizes[i], s->channels = sizes[i + 1], s->stride = sizes[3 + 2 * i], s->pad = sizes[4 + 2 * i];
  }
  w->form = vectors == 3 ? &form_bf16 : vectors == 2 ? &form_avx512 : &form_avx2;
  w->kept = sizes[7];
  memcpy(w->edges, edges, sizeof w->edges);
  return w;
}

static float *bias_of(const float *bias, int count) {
  float *at = floats((size_t)count);
  if (at) memcpy(at, bias, (size_t)count * 4);
  return at;
}

/* The nearest bfloat16, in the upper half. */
static uint32_t rounded(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
}

/* Lay a matrix [inputs, outputs] as panels, of numbers or of units of two. */
static void pack(const form *f, int halves, const float *from, int inputs, int outputs, float *to) {
  for (int n = 0, wide; n < outputs; n += wide) {
    wide = outputs - n < f->panel ? outputs - n : f->panel;
    for (int k = 0; k < inputs; k += 1 + halves, to += wide) {
      const float *at = from + (size_t)k * outputs + n;
      if (!halves) memcpy(to, at, (size_t)wide * 4);
      for (int i = 0; halves && i < wide; i++) {
        const uint32_t unit = rounded(at[i]) >> 16 | rounded(at[outputs + i]);
        memcpy(to + i, &unit, 4);
      }
    }
  }
}

/* 0 before, 1 after, 2 transform, 3 its inverse; 4 and 5 up, 6 and 7 down. */
static dense *dense_at(wave *w, int which) {
  dense *const all[] = {&w->before, &w->after, &w->transform, &w->inverse};
  stage *s = &w->stage[which % 2];
  return which < 4 ? all[which] : which < 6 ? &s->up : &s->down;
}

/* `weight` is [inputs, outputs]. */
int cosyvoice_wave_dense(wave *w, int which, int inputs, int outputs, const float *weight, const float *bias, int biases) {
  dense *l = dense_at(w, which);
  l->inputs = inputs, l->outputs = outputs;
  const int halves = w->form->halves && (which == 4 || which == 5);
  l->weights = floats((size_t)inputs * outputs >> halves);
  l->bias = bias_of(bias, biases);
  if (!l->weights || !l->bias) return -1;
  pack(w->form, halves, weight, inputs, outputs, l->weights);
  return 0;
}

int cosyvoice_wave_snake(wave *w, int index, int number, int which, int pair, const float *turns, const float *inverse) {
  snake *s = which ? &w->stage[index].block[number].between[pair] : &w->stage[index].block[number].before[pair];
  s->turns = bias_of(turns, w->stage[index].channels), s->inverse = bias_of(inverse, w->stage[index].channels);
  return s->turns && s->inverse ? 0 : -1;
}

/* Longer blocks take fewer products and more memory: 47 planes for 26 outputs of 7 taps, 23 for 10. With 256 channels the
   12 convolutions of 7 taps would take 148 MB instead of 72 in float32. */
static int size_for(int taps, int channels) { return taps > 7 || (taps > 3 && channels <= 128) ? 32 : 16; }

/* `weight` is [taps, channels, channels]: inputs, then outputs. */
int cosyvoice_wave_convolution(wave *w, int index, int number, int which, int pair, int taps, const float *weight, const float *bias) {
  const form *form = w->form;
  block *b = &w->stage[index].block[number];
  convolution *l = which ? &b->second[pair] : &b->first[pair];
  const int channels = w->stage[index].channels, size = size_for(taps, channels);
  const size_t square = (size_t)channels * channels;
  l->size = size, l->taps = taps, l->planes = 3 * size / 2 - 1 + 2 * form->ends, l->inputs = l->outputs = channels;
  l->bytes = square * l->planes * 4 >> form->halves;
  float *one = floats(square);
  l->weights = pages(l->bytes);
  l->bias = bias_of(bias, channels);
  if (!one || !l->weights || !l->bias) return free(one), -1;
  for (int p = 0; p < l->planes; p++) {
    const int f = p < 2 ? p * size / 2 : (p - 2) / 3 + 1, part = p < 2 ? 0 : (p - 2) % 3, end = p - (3 * size / 2 - 1);
    float factor[32];
    for (int k = 0; k < taps; k++) {
      const double angle = 2 * M_PI * f * k / size, c = cos(angle), s = sin(angle);
      factor[k] = (float)((part == 0 ? c : part == 1 ? s : c + s) / size);
      if (end >= 0) factor[k] = k == (end ? taps - 1 : 0); /* the first tap, then the last one */
    }
    form->plane(square, taps, weight, factor, one);
    pack(form, form->halves, one, channels, channels, l->weights + p * (square >> form->halves));
  }
  free(one);
  return 0;
}

static void drop(convolution *l) {
  if (l->weights) munmap(l->weights, l->bytes);
  free(l->bias);
}

void cosyvoice_wave_free(wave *w) {
  for (int i = 0; i < 8; i++) free(dense_at(w, i)->weights), free(dense_at(w, i)->bias);
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
  const size_t lines = (16 + spectra + 16 * 8) * 32;
  const size_t tile = (size_t)w->form->tile, work = 49 * (tile * (channels >> w->form->halves) + tile * channels + 32);
  const size_t sizes[] = {x, y, padded, padded, part, side, lines, (size_t)HOP * frames + 64, work};
  size_t total = 0;
  for (int i = 0; i < 9; i++) total += (sizes[i] + 31) / 16 * 16;
  float *memory = pages(total * 4), *at = memory, *places[9];
  if (!memory) return -1;
  for (int i = 0; i < 9; i++) places[i] = at, at += (sizes[i] + 31) / 16 * 16;
  /* `wide`, 16 rows for each of `rows` or one for each of `spectra`, is laid over `one` and `two`, before and after these */
  desk d = {places[0], places[1] + 8 * channels, places[2] + BEFORE * channels, places[3] + BEFORE * channels,
            places[4], places[5],                places[2],                     places[6] + 8 * 32,
            places[7], places[8]};
  w->form->half[half](w, frames, from, source, &d, out);
  munmap(memory, total * 4);
  return 0;
}

#endif
