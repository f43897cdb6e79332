/* The vocoder's samples on a CPU, in float32.

   Nearly all of the work are convolutions of 3 to 11 taps with as many inputs as outputs. A block of 16 or 32 rows goes
   through a real Fourier transform; convolving is then one product of matrices for each number of the spectrum instead
   of one for each tap: of 22 outputs with 11 taps 47 products, not 242. A complex product is made of three real ones:
   (a + bi)(c + di) has ac - bd and (a + b)(c + d) - ac - bd. So the planes of a block of N are its first and its N/2nd
   number, which are real, and of each between them the real part, the imaginary part and their sum.

   Rows are [time, channels]; channels are padded with zeros to a multiple of 16. There is a form for AVX2 with FMA only:
   where there is VNNI, 8 bits keep the work. */

#if defined(__x86_64__) && defined(__GNUC__)

#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "memory.h"

enum { WIDTH = 8, ROWS = 6, PANEL = 2 * WIDTH, MELS = 80, HOP = 256, TILE = 96, BEFORE = 32, BEHIND = 192 };
static const float LARGEST = 100, CEILING = 0.99f;
/* of 0 to 8 thirty-seconds of a turn */
static const float cosines[9] = {1, 0.980785280f, 0.923879533f, 0.831469612f, 0.707106781f, 0.555570233f, 0.382683432f, 0.195090322f, 0};

typedef float vf __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(32), may_alias));

typedef struct {
  int32_t inputs, outputs;
  float *weights; /* [panels, inputs, PANEL] */
  float *bias;    /* [outputs] */
} dense;

typedef struct {
  float *turns, *inverse; /* a / pi and 1 / a, both [channels] */
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
  int32_t kept; /* channels between the halves without padding */
  dense before, after, transform, inverse;
  float edges[8];
  stage stage[2];
} wave;

typedef struct {
  float *x, *y, *one, *two, *part, *sum, *wide, *spectra, *samples, *work;
} desk;

static int whole(int n, int to) { return (n + to - 1) / to * to; }

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define INLINE static inline __attribute__((always_inline))

INLINE vf pick(vi where, vf x, vf y) { return (vf)(((vi)x & where) | ((vi)y & ~where)); }
INLINE vf load(const float *at) { return *(const vf *)at; }
INLINE vf filled(float x) { return (vf){} + x; }

/* A plane of weights: `taps` matrices, each times its factor, added up. */
static void plane(size_t count, int taps, const float *weight, const float *factor, float *sum) {
  for (size_t i = 0; i < count; i += WIDTH) {
    vf total = filled(0);
    for (int k = 0; k < taps; k++) total += factor[k] * load(weight + k * count + i);
    *(vf *)(sum + i) = total;
  }
}

/* ROWS rows of a product with a panel of outputs. */
INLINE void some_rows(int inputs, const float *x, size_t stride, const float *w, const float *bias, float *y, size_t to) {
  vf sums[ROWS][2];
  for (int v = 0; v < 2; v++) {
    vf start = bias ? load(bias + v * WIDTH) : filled(0);
    for (int m = 0; m < ROWS; m++) sums[m][v] = start;
  }
  for (int k = 0; k < inputs; k++, w += PANEL) {
    vf first = load(w), second = load(w + WIDTH);
    for (int m = 0; m < ROWS; m++) {
      float one = x[m * stride + k];
      sums[m][0] += one * first;
      sums[m][1] += one * second;
    }
  }
  for (int m = 0; m < ROWS; m++)
    for (int v = 0; v < 2; v++) *(vf *)(y + m * to + v * WIDTH) = sums[m][v];
}

/* y [count, outputs] = x [count, inputs] w + bias for count >= ROWS; w as `pack` lays it. */
static void product(int count, int inputs, int outputs, const float *x, size_t stride, const float *w, const float *bias, float *y, size_t to) {
  for (int n = 0; n < outputs; n += PANEL, w += (size_t)inputs * PANEL)
    for (int m = 0; m < count; m += ROWS) {
      int at = m + ROWS <= count ? m : count - ROWS; /* some rows twice rather than fewer at a time */
      some_rows(inputs, x + at * stride, stride, w, bias ? bias + n : NULL, y + at * to + n, to);
    }
}

/* Fourier transforms of real numbers: N of them become 0 .. N / 2, in halves; there and back multiplies by N. */
INLINE void forward4(const vf *x, int step, vf *re, vf *im) {
  vf even = x[0] + x[2 * step], odd = x[step] + x[3 * step];
  re[0] = even + odd, re[1] = x[0] - x[2 * step], re[2] = even - odd;
  im[0] = im[2] = filled(0), im[1] = x[3 * step] - x[step];
}
INLINE void inverse4(const vf *re, const vf *im, vf *x, int step) {
  vf even = re[0] + re[2], odd = re[0] - re[2], r = re[1] + re[1], i = im[1] + im[1];
  x[0] = even + r, x[step] = odd - i, x[2 * step] = even - r, x[3 * step] = odd + i;
}
#define TRANSFORM(N, HALF)                                                                                                \
  INLINE void forward##N(const vf *x, int step, vf *re, vf *im) {                                                         \
    vf er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                                        \
    forward##HALF(x, 2 * step, er, ei), forward##HALF(x + step, 2 * step, or, oi);                                        \
    re[0] = er[0] + or[0], re[N / 2] = er[0] - or[0], im[0] = im[N / 2] = filled(0);                                      \
    re[N / 4] = er[N / 4], im[N / 4] = -or[N / 4];                                                                        \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                                            \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                                                   \
      vf r = c * or[f] + s * oi[f], i = c * oi[f] - s * or[f];                                                            \
      re[f] = er[f] + r, im[f] = ei[f] + i, re[N / 2 - f] = er[f] - r, im[N / 2 - f] = i - ei[f];                         \
    }                                                                                                                     \
  }                                                                                                                       \
  INLINE void inverse##N(const vf *re, const vf *im, vf *x, int step) {                                                   \
    vf er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                                        \
    er[0] = re[0] + re[N / 2], or[0] = re[0] - re[N / 2];                                                                 \
    er[N / 4] = re[N / 4] + re[N / 4], or[N / 4] = -(im[N / 4] + im[N / 4]);                                              \
    ei[0] = oi[0] = ei[N / 4] = oi[N / 4] = filled(0);                                                                    \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                                            \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                                                   \
      vf r = re[f] - re[N / 2 - f], i = im[f] + im[N / 2 - f];                                                            \
      er[f] = re[f] + re[N / 2 - f], ei[f] = im[f] - im[N / 2 - f];                                                       \
      or[f] = c * r - s * i, oi[f] = c * i + s * r;                                                                       \
    }                                                                                                                     \
    inverse##HALF(er, ei, x, 2 * step), inverse##HALF(or, oi, x + step, 2 * step);                                        \
  }
TRANSFORM(8, 4)
TRANSFORM(16, 8)
TRANSFORM(32, 16)

INLINE vf nearest(vf x) { return (vf)_mm256_round_ps((__m256)x, 0); }

/* sin(pi r) for |r| <= 1/2 */
INLINE vf half_turn(vf r) {
  vf q = r * r;
  return r * (3.14159265f + q * (-5.16771278f + q * (2.55016404f + q * (-0.599264529f + q * 0.0821458866f))));
}

/* x + sin²(a x) / a with turns = a / pi. */
INLINE vf snaked(vf x, vf turns, vf inverse) {
  vf v = x * turns, r = v - nearest(v);
  vf s = half_turn(r);
  return x + s * s * inverse;
}

#define BLOCKS(N)                                                                                                         \
  static void take##N(int channels, size_t row, size_t plane, const float *x, float *to) {                                \
    for (int c = 0; c < channels; c += WIDTH) {                                                                           \
      vf in[N], re[N / 2 + 1], im[N / 2 + 1];                                                                             \
      _Pragma("GCC unroll 32") for (int i = 0; i < N; i++) in[i] = load(x + i * row + c);                                 \
      forward##N(in, 1, re, im);                                                                                          \
      float *at = to + c;                                                                                                 \
      *(vf *)at = re[0], at += plane, *(vf *)at = re[N / 2], at += plane;                                                 \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++) {                                                          \
        *(vf *)at = re[f], at += plane, *(vf *)at = im[f], at += plane, *(vf *)at = re[f] + im[f], at += plane;           \
      }                                                                                                                   \
    }                                                                                                                     \
  }                                                                                                                       \
  static void give##N(const convolution *l, size_t row, size_t plane, const float *from, int count, const snake *s,       \
                      float *y) {                                                                                         \
    for (int c = 0; c < l->outputs; c += WIDTH) {                                                                         \
      vf out[N], re[N / 2 + 1], im[N / 2 + 1], bias = load(l->bias + c);                                                  \
      const float *at = from + c;                                                                                         \
      re[0] = load(at), re[N / 2] = load(at + plane), at += 2 * plane;                                                    \
      im[0] = im[N / 2] = filled(0);                                                                                      \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++, at += 3 * plane) {                                         \
        vf one = load(at), two = load(at + plane), both = load(at + 2 * plane);                                           \
        re[f] = one - two, im[f] = both - one - two;                                                                      \
      }                                                                                                                   \
      inverse##N(re, im, out, 1);                                                                                         \
      float *to = y + c;                                                                                                  \
      if (s) {                                                                                                            \
        vf turns = load(s->turns + c), inverse = load(s->inverse + c);                                                    \
        for (int i = 0; i < count; i++, to += row) *(vf *)to = snaked(out[i] + bias, turns, inverse);                     \
      } else {                                                                                                            \
        for (int i = 0; i < count; i++, to += row) *(vf *)to += out[i] + bias;                                            \
      }                                                                                                                   \
    }                                                                                                                     \
  }
BLOCKS(16)
BLOCKS(32)

/* One convolution of x [count, inputs] with `spread` rows from tap to tap; x has rows of zeros around it.
   With `s` y becomes the snake of it, else it is added to y. */
static void convolve(const convolution *l, int spread, int count, const float *x, const snake *s, float *work, float *y) {
  const int n = l->size, outs = n - l->taps + 1, planes = l->planes;
  const size_t in = (size_t)TILE * l->inputs + 16, out = (size_t)TILE * l->outputs + 16;
  float *seen = work, *made = work + planes * in;
  int phase = 0, at = 0;
  while (phase < spread && phase < count) {
    int first[TILE], rows = 0;
    while (rows < TILE && phase < spread && phase < count) {
      first[rows++] = phase + at * spread;
      at += outs;
      if (phase + at * spread >= count) phase++, at = 0;
    }
    for (int m = 0; m < rows; m++) {
      const float *from = x + (ptrdiff_t)(first[m] - (l->taps - 1) / 2 * spread) * l->inputs;
      (n == 32 ? take32 : take16)(l->inputs, (size_t)spread * l->inputs, in, from, seen + (size_t)m * l->inputs);
    }
    for (int m = rows; m < ROWS; m++)
      for (int p = 0; p < planes; p++) memset(seen + p * in + (size_t)m * l->inputs, 0, (size_t)l->inputs * 4);
    for (int p = 0; p < planes; p++)
      product(rows < ROWS ? ROWS : rows, l->inputs, l->outputs, seen + p * in, (size_t)l->inputs, l->weights + p * l->plane, NULL,
              made + p * out, (size_t)l->outputs);
    for (int m = 0; m < rows; m++) {
      int left = (count - first[m] + spread - 1) / spread;
      (n == 32 ? give32 : give16)(l, (size_t)spread * l->outputs, out, made + (size_t)m * l->outputs, left < outs ? left : outs, s,
                                  y + (size_t)first[m] * l->outputs);
    }
  }
}

static void leak(float slope, size_t count, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] > 0 ? x[i] : x[i] * slope;
}

/* e^x, or `largest` where that is less. */
INLINE vf power(vf x, float largest) {
  x = pick(x < -87, filled(-87), x);
  x = pick(x > 80, filled(80), x);
  vf whole = x * 1.44269504f + 12582912.0f;
  vi bits = ((vi)whole - 0x4B400000 + 127) << 23;
  whole -= 12582912.0f;
  vf r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  vf y = 1 + r * (1 + r * (0.5f + r * (1.6666666e-1f + r * (4.1666666e-2f + r * (8.3333333e-3f + r * (1.3888889e-3f + r * 1.98412698e-4f))))));
  y *= (vf)bits;
  return pick(y > largest, filled(largest), y);
}

INLINE vf sine(vf x) { /* |x| <= 1 */
  vf q = x * x;
  return x * (1 + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.98412698e-4f + q * 2.75573192e-6f))));
}
INLINE vf cosine(vf x) { /* |x| <= 1 */
  vf q = x * x;
  return 1 + q * (-0.5f + q * (4.1666667e-2f + q * (-1.38888889e-3f + q * (2.48015873e-5f + q * -2.75573192e-7f))));
}
/* sin x: twice the sine times the cosine of half of what is left of x without whole turns. */
INLINE vf turned(vf x) {
  vf v = x * 0.159154943f, r = v - nearest(v), q = r * r;
  vf s = half_turn(r);
  vf c = 1 + q * (-4.93480220f + q * (4.05871213f + q * (-1.33526277f + q * (0.235330630f + q * -0.0258068913f))));
  return 2 * s * c;
}

/* Three pairs of convolutions; x [count, channels] becomes what they make of it. */
static void resblock(const block *b, int count, int channels, float *x, const desk *d) {
  for (int i = 0; i < 3; i++) {
    for (int t = 0; t < count; t++)
      for (int c = 0; c < channels; c += WIDTH) {
        const size_t at = (size_t)t * channels + c;
        *(vf *)(d->one + at) = snaked(load(x + at), load(b->before[i].turns + c), load(b->before[i].inverse + c));
      }
    convolve(&b->first[i], 2 * i + 1, count, d->one, &b->between[i], d->work, d->two);
    convolve(&b->second[i], 1, count, d->two, NULL, d->work, x);
  }
}

/* `x` [8 frames of a mel frame or 1, inputs] made eight times as long, with the excitation of `source`; y [count, channels]. */
static void run_stage(const wave *w, int index, int frames, float *x, const float *source, const desk *d, float *y) {
  const stage *s = &w->stage[index];
  const int inputs = s->up.inputs, channels = s->channels, rows = index ? 8 * frames : frames, count = 8 * rows + index;
  const size_t size = (size_t)count * channels;
  leak(0.1f, (size_t)rows * inputs, x);
  product(rows < ROWS ? ROWS : rows, inputs, 16 * channels, x, (size_t)inputs, s->up.weights, NULL, d->wide, 16 * (size_t)channels);
  for (int t = 0; t < 8 * rows; t++) {
    const int j = t / 8, r = t % 8, other = r < 4 ? j - 1 : j + 1;
    const int both = other >= 0 && other < rows;
    const float *one = d->wide + ((size_t)j * 16 + r + 4) * channels;
    const float *two = both ? d->wide + ((size_t)other * 16 + (r < 4 ? r + 12 : r - 4)) * channels : NULL;
    float *to = y + (size_t)(t + index) * channels;
    for (int c = 0; c < channels; c += WIDTH) {
      vf sum = load(s->up.bias + c) + load(one + c);
      if (both) sum += load(two + c);
      *(vf *)(to + c) = sum;
    }
  }
  /* one row more in front, reflected, to match the 64 frames + 1 rows of the transform */
  if (index) memcpy(y, y + 2 * (size_t)channels, (size_t)channels * 4);
  const int samples = HOP * frames, spectra = samples / 4 + 1;
  for (int i = 0; i < 8; i++) d->samples[i] = source[8 - i], d->samples[8 + samples + i] = source[samples - 2 - i];
  memcpy(d->samples + 8, source, (size_t)samples * 4);
  product(spectra, 16, 32, d->samples, 4, w->transform.weights, w->transform.bias, d->spectra, 32);
  product(count < ROWS ? ROWS : count, s->down.inputs, channels, d->spectra - (ptrdiff_t)s->pad * 32, (size_t)s->stride * 32,
          s->down.weights, s->down.bias, d->part, (size_t)channels);
  resblock(&s->block[0], count, channels, d->part, d);
  for (size_t i = 0; i < size; i++) y[i] += d->part[i];
  for (int b = 1; b < 4; b++) {
    memcpy(d->part, y, size * 4);
    resblock(&s->block[b], count, channels, d->part, d);
    if (b == 1) memcpy(d->sum, d->part, size * 4);
    else
      for (size_t i = 0; i < size; i++) d->sum[i] += d->part[i];
  }
  for (size_t i = 0; i < size; i++) y[i] = d->sum[i] * (1.0f / 3);
}

static void coarse(const wave *w, int frames, const float *mel, const float *source, const desk *d, float *out) {
  const stage *s = &w->stage[0];
  for (int i = 0; i < MELS; i++)
    for (int t = 0; t < frames; t++) d->y[(size_t)(t + 3) * MELS + i] = mel[(size_t)i * frames + t];
  memset(d->y, 0, 3 * MELS * 4), memset(d->y + (size_t)(frames + 3) * MELS, 0, (3 + 16) * MELS * 4);
  product(frames < ROWS ? ROWS : frames, 7 * MELS, s->up.inputs, d->y, MELS, w->before.weights, w->before.bias, d->x, (size_t)s->up.inputs);
  run_stage(w, 0, frames, d->x, source, d, d->y);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < 8 * frames; t++) out[(size_t)c * 8 * frames + t] = d->y[(size_t)t * s->channels + c];
}

static void fine(const wave *w, int frames, const float *from, const float *source, const desk *d, float *out) {
  const stage *s = &w->stage[1];
  const int rows = 8 * frames, count = 64 * frames + 1, channels = s->channels, samples = HOP * frames;
  memset(d->x, 0, (size_t)rows * s->up.inputs * 4);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < rows; t++) d->x[(size_t)t * s->up.inputs + c] = from[(size_t)c * rows + t];
  run_stage(w, 1, frames, d->x, source, d, d->y);
  leak(0.01f, (size_t)count * channels, d->y);
  /* three rows of zeros on either side */
  memset(d->y - 3 * channels, 0, (size_t)(3 * channels) * 4), memset(d->y + (size_t)count * channels, 0, (size_t)(3 * channels) * 4);
  float *parts = d->wide, *windows = d->part;
  product(count, 7 * channels, 32, d->y - 3 * channels, (size_t)channels, w->after.weights, w->after.bias, parts, 32);
  for (int t = 0; t < count; t++)
    for (int i = 0; i < 16; i += WIDTH) {
      float *at = parts + (size_t)t * 32 + i;
      vf magnitude = power(load(at), LARGEST), phase = turned(load(at + 16));
      *(vf *)at = magnitude * cosine(phase), *(vf *)(at + 16) = magnitude * sine(phase);
    }
  product(count, 32, 16, parts, 32, w->inverse.weights, w->inverse.bias, windows, 16);
  float *made = d->samples; /* [samples + 16], the windows added up */
  memset(made, 0, (size_t)(samples + 16) * 4);
  for (int t = 0; t < count; t++)
    for (int i = 0; i < 16; i++) made[4 * t + i] += windows[(size_t)t * 16 + i];
  for (int i = 0; i < 4; i++) made[8 + i] *= w->edges[i], made[4 + samples + i] *= w->edges[4 + i];
  for (int i = 0; i < samples; i++) {
    float x = made[8 + i];
    out[i] = x > CEILING ? CEILING : x < -CEILING ? -CEILING : x;
  }
}
#pragma GCC pop_options

/* `sizes`: channels of each stage's input and output, padded; stride and padding of each excitation; channels between. */
wave *cosyvoice_wave_new(const int32_t *sizes, const float *edges) {
  wave *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  for (int i = 0; i < 2; i++) {
    stage *s = &w->stage[i];
    s->up.inputs = sizes[i], s->channels = sizes[i + 1], s->stride = sizes[3 + 2 * i], s->pad = sizes[4 + 2 * i];
  }
  w->kept = sizes[7];
  memcpy(w->edges, edges, sizeof w->edges);
  return w;
}

static float *bias_of(const float *bias, int count) {
  float *at = floats((size_t)count);
  if (at) memcpy(at, bias, (size_t)count * 4);
  return at;
}

/* Lay a matrix [inputs, outputs] as panels. */
static void pack(const float *from, int inputs, int outputs, float *to) {
  for (int n = 0; n < outputs; n += PANEL)
    for (int k = 0; k < inputs; k++, to += PANEL)
      memcpy(to, from + (size_t)k * outputs + n, PANEL * 4);
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
  l->weights = floats((size_t)inputs * whole(outputs, PANEL));
  l->bias = bias_of(bias, biases);
  if (!l->weights || !l->bias) return -1;
  pack(weight, inputs, outputs, l->weights);
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
  l->plane = (size_t)channels * whole(channels, PANEL);
  const size_t bytes = l->plane * l->planes * 4;
  float *one = floats(square);
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
    plane(square, taps, weight, factor, one);
    pack(one, channels, channels, l->weights + p * l->plane);
  }
  free(one);
  return 0;
}

static void drop(convolution *l) {
  if (l->weights) munmap(l->weights, l->plane * l->planes * 4);
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
  if (half) fine(w, frames, from, source, &d, out);
  else coarse(w, frames, from, source, &d, out);
  munmap(memory, total * 4);
  return 0;
}

#endif
