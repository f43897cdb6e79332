/* What is done of the vocoder, once for each instruction set (see wave_kernel.c). A vector has WIDTH numbers. A product
   takes ROWS rows and VECTORS vectors of outputs at a time; TILE blocks are transformed before they are multiplied.

   With HALVES the convolutions multiply bfloat16: where others have a number of a row or of a weight, these have a unit of
   two, of an input and the next one.

   With ENDS a block has an output more at either end. It lacks what one tap should have had, as the block goes on there
   with its other end: what sets these two apart, times that tap, is one product more. */

#define INLINE static inline __attribute__((always_inline))
#define PANEL (VECTORS * WIDTH)

typedef float NAMED(vf) __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t NAMED(vi) __attribute__((vector_size(4 * WIDTH), may_alias));
#define vf NAMED(vf)
#define vi NAMED(vi)

INLINE vf NAMED(pick)(vi where, vf x, vf y) { return (vf)(((vi)x & where) | ((vi)y & ~where)); }
INLINE vf NAMED(load)(const float *at) { return *(const vf *)at; }
INLINE vf NAMED(filled)(float x) { return (vf){} + x; }

/* Keep a vector where the convolutions' products find it. */
INLINE void NAMED(put)(float *row, int at, vf x) {
#if HALVES
  _mm256_storeu_si256((__m256i *)((uint16_t *)row + at), (__m256i)_mm512_cvtneps_pbh((__m512)x));
#else
  *(vf *)(row + at) = x;
#endif
}

/* A plane of weights: `taps` matrices, each times its factor, added up. */
static void NAMED(plane)(size_t count, int taps, const float *weight, const float *factor, float *sum) {
  for (size_t i = 0; i < count; i += WIDTH) {
    vf total = NAMED(filled)(0);
    for (int k = 0; k < taps; k++) total += factor[k] * NAMED(load)(weight + k * count + i);
    *(vf *)(sum + i) = total;
  }
}

/* Some rows of a product with a panel of outputs; `next` are the weights that are wanted next. */
INLINE void NAMED(some_rows)(const int halves, const int rows, const int vectors, int units, const float *x, size_t stride, const float *w,
                             const float *next, const float *bias, float *y, size_t to) {
  vf sums[ROWS][4];
  _Pragma("GCC unroll 6") for (int m = 0; m < rows; m++)
    for (int v = 0; v < vectors; v++) sums[m][v] = bias ? NAMED(load)(bias + v * WIDTH) : NAMED(filled)(0);
  for (int k = 0; k < units; k++, w += vectors * WIDTH) {
    vf weights[4];
    for (int v = 0; v < vectors; v++) weights[v] = NAMED(load)(w + v * WIDTH);
    for (int v = 0; v < vectors; v += 32 / WIDTH) __builtin_prefetch(next + (k * vectors + v) * WIDTH);
    _Pragma("GCC unroll 6") for (int m = 0; m < rows; m++) {
      const float *one = x + m * stride + k;
#if HALVES
      if (halves) {
        int32_t pair;
        memcpy(&pair, one, 4);
        for (int v = 0; v < vectors; v++)
          sums[m][v] = (vf)_mm512_dpbf16_ps((__m512)sums[m][v], (__m512bh)_mm512_set1_epi32(pair), (__m512bh)weights[v]);
        continue;
      }
#endif
      for (int v = 0; v < vectors; v++) sums[m][v] += *one * weights[v];
    }
  }
  _Pragma("GCC unroll 6") for (int m = 0; m < rows; m++)
    for (int v = 0; v < vectors; v++) *(vf *)(y + m * to + v * WIDTH) = sums[m][v];
}

/* `next` goes to and fro, so that two passes fetch all of the next panel. */
INLINE void NAMED(any)(const int halves, int count, int units, int outputs, const float *x, size_t stride, const float *w, const float *bias,
                       float *y, size_t to) {
  for (int n = 0; n < outputs; n += PANEL) {
    const int wide = outputs - n < PANEL ? outputs - n : PANEL;
    const float *start = bias ? bias + n : NULL;
    for (int m = 0; m < count; m += ROWS) {
      /* some rows twice rather than fewer at a time */
      const int few = count - m <= ROWS / 2, at = few ? count - ROWS / 2 : m + ROWS <= count ? m : count - ROWS;
      const float *next = w + (size_t)units * wide + m / ROWS % 2 * 16;
#define THESE(rows, vectors) NAMED(some_rows)(halves, rows, vectors, units, x + at * stride, stride, w, next, start, y + at * to + n, to)
#define SOME(vectors) (few ? THESE(ROWS / 2, vectors) : THESE(ROWS, vectors))
      switch (wide / WIDTH) {
        case 1: SOME(1); break;
        case 2: SOME(2); break;
        case 3: SOME(3); break;
        default: SOME(VECTORS);
      }
#undef SOME
#undef THESE
    }
    w += (size_t)units * wide;
  }
}

/* y [count, outputs] = x [count, inputs] w + bias for count >= ROWS; w as `pack` lays it. */
static void NAMED(product)(int count, int inputs, int outputs, const float *x, size_t stride, const float *w, const float *bias, float *y, size_t to) {
  NAMED(any)(0, count, inputs, outputs, x, stride, w, bias, y, to);
}

/* The same of units, without bias. */
static void NAMED(units)(int count, int units, int outputs, const float *x, const float *w, float *y) {
  NAMED(any)(HALVES, count, units, outputs, x, (size_t)units, w, NULL, y, (size_t)outputs);
}

/* Fourier transforms of real numbers: N of them become 0 .. N / 2, in halves; there and back multiplies by N. */
INLINE void NAMED(forward4)(const vf *x, int step, vf *re, vf *im) {
  vf even = x[0] + x[2 * step], odd = x[step] + x[3 * step];
  re[0] = even + odd, re[1] = x[0] - x[2 * step], re[2] = even - odd;
  im[0] = im[2] = NAMED(filled)(0), im[1] = x[3 * step] - x[step];
}
INLINE void NAMED(inverse4)(const vf *re, const vf *im, vf *x, int step) {
  vf even = re[0] + re[2], odd = re[0] - re[2], r = re[1] + re[1], i = im[1] + im[1];
  x[0] = even + r, x[step] = odd - i, x[2 * step] = even - r, x[3 * step] = odd + i;
}
#define TRANSFORM(N, HALF)                                                                                               \
  INLINE void NAMED(forward##N)(const vf *x, int step, vf *re, vf *im) {                                                 \
    vf er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                                       \
    NAMED(forward##HALF)(x, 2 * step, er, ei), NAMED(forward##HALF)(x + step, 2 * step, or, oi);                         \
    re[0] = er[0] + or[0], re[N / 2] = er[0] - or[0], im[0] = im[N / 2] = NAMED(filled)(0);                              \
    re[N / 4] = er[N / 4], im[N / 4] = -or[N / 4];                                                                       \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                                           \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                                                  \
      vf r = c * or[f] + s * oi[f], i = c * oi[f] - s * or[f];                                                           \
      re[f] = er[f] + r, im[f] = ei[f] + i, re[N / 2 - f] = er[f] - r, im[N / 2 - f] = i - ei[f];                        \
    }                                                                                                                    \
  }                                                                                                                      \
  INLINE void NAMED(inverse##N)(const vf *re, const vf *im, vf *x, int step) {                                           \
    vf er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                                       \
    er[0] = re[0] + re[N / 2], or[0] = re[0] - re[N / 2];                                                                \
    er[N / 4] = re[N / 4] + re[N / 4], or[N / 4] = -(im[N / 4] + im[N / 4]);                                             \
    ei[0] = oi[0] = ei[N / 4] = oi[N / 4] = NAMED(filled)(0);                                                            \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                                           \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                                                  \
      vf r = re[f] - re[N / 2 - f], i = im[f] + im[N / 2 - f];                                                           \
      er[f] = re[f] + re[N / 2 - f], ei[f] = im[f] - im[N / 2 - f];                                                      \
      or[f] = c * r - s * i, oi[f] = c * i + s * r;                                                                      \
    }                                                                                                                    \
    NAMED(inverse##HALF)(er, ei, x, 2 * step), NAMED(inverse##HALF)(or, oi, x + step, 2 * step);                         \
  }
TRANSFORM(8, 4)
TRANSFORM(16, 8)
TRANSFORM(32, 16)

INLINE vf NAMED(nearest)(vf x) {
#if WIDTH == 16
  return (vf)_mm512_roundscale_ps((__m512)x, 0);
#else
  return (vf)_mm256_round_ps((__m256)x, 0);
#endif
}

/* sin(pi r) for |r| <= 1/2 */
INLINE vf NAMED(half_turn)(vf r) {
  vf q = r * r;
  return r * (3.14159265f + q * (-5.16771278f + q * (2.55016404f + q * (-0.599264529f + q * 0.0821458866f))));
}

/* x + sin²(a x) / a with turns = a / pi. */
INLINE vf NAMED(snaked)(vf x, vf turns, vf inverse) {
  vf v = x * turns, r = v - NAMED(nearest)(v);
  vf s = NAMED(half_turn)(r);
  return x + s * s * inverse;
}

/* A block there and back: rows are `row` numbers apart, planes `plane`. The block after it, whose rows lie `next` numbers on,
   is fetched meanwhile: a column of rows is nothing that a processor sees coming. */
#define BLOCKS(N)                                                                                                        \
  static void NAMED(take##N)(int channels, size_t row, size_t next, size_t plane, const float *x, float *to) {           \
    for (int c = 0; c < channels; c += WIDTH) {                                                                          \
      vf in[N], re[N / 2 + 1], im[N / 2 + 1];                                                                            \
      _Pragma("GCC unroll 32") for (int i = 0; i < N; i++) {                                                             \
        in[i] = NAMED(load)(x + i * row + c);                                                                            \
        __builtin_prefetch(x + next + i * row + c);                                                                      \
      }                                                                                                                  \
      NAMED(forward##N)(in, 1, re, im);                                                                                  \
      NAMED(put)(to, c, re[0]), NAMED(put)(to + plane, c, re[N / 2]);                                                    \
      float *at = to + 2 * plane;                                                                                        \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++) {                                                         \
        NAMED(put)(at, c, re[f]), NAMED(put)(at + plane, c, im[f]), NAMED(put)(at + 2 * plane, c, re[f] + im[f]);        \
        at += 3 * plane;                                                                                                 \
      }                                                                                                                  \
      if (ENDS) {                                                                                                        \
        NAMED(put)(at, c, NAMED(load)(x + c - row) - in[N - 1]);                                                         \
        NAMED(put)(at + plane, c, NAMED(load)(x + N * row + c) - in[0]);                                                 \
      }                                                                                                                  \
    }                                                                                                                    \
  }                                                                                                                      \
  static void NAMED(give##N)(const convolution *l, size_t row, size_t next, size_t plane, const float *from,             \
                             int count, const snake *s, float *y) {                                                      \
    for (int c = 0; c < l->outputs; c += WIDTH) {                                                                        \
      vf out[N + 2], re[N / 2 + 1], im[N / 2 + 1], bias = NAMED(load)(l->bias + c);                                      \
      const float *at = from + c;                                                                                        \
      re[0] = NAMED(load)(at), re[N / 2] = NAMED(load)(at + plane), at += 2 * plane;                                     \
      im[0] = im[N / 2] = NAMED(filled)(0);                                                                              \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++, at += 3 * plane) {                                        \
        vf one = NAMED(load)(at), two = NAMED(load)(at + plane), both = NAMED(load)(at + 2 * plane);                     \
        re[f] = one - two, im[f] = both - one - two;                                                                     \
      }                                                                                                                  \
      NAMED(inverse##N)(re, im, out + ENDS, 1);                                                                          \
      if (ENDS) out[0] = out[N] + NAMED(load)(at), out[N - l->taps + 2] += NAMED(load)(at + plane);                      \
      float *to = y + c;                                                                                                 \
      if (s) {                                                                                                           \
        vf turns = NAMED(load)(s->turns + c), inverse = NAMED(load)(s->inverse + c);                                     \
        for (int i = 0; i < count; i++, to += row) {                                                                     \
          __builtin_prefetch(to + next, 1);                                                                              \
          *(vf *)to = NAMED(snaked)(out[i] + bias, turns, inverse);                                                      \
        }                                                                                                                \
      } else {                                                                                                           \
        for (int i = 0; i < count; i++, to += row) {                                                                     \
          __builtin_prefetch(to + next, 1);                                                                              \
          *(vf *)to += out[i] + bias;                                                                                    \
        }                                                                                                                \
      }                                                                                                                  \
    }                                                                                                                    \
  }
BLOCKS(16)
BLOCKS(32)

/* One convolution of x [count, inputs] with `spread` rows from tap to tap; x has rows of zeros around it.
   With `s` y becomes the snake of it, else it is added to y. */
static void NAMED(convolve)(const convolution *l, int spread, int count, const float *x, const snake *s, float *work, float *y) {
  const int n = l->size, outs = outputs_of(l, ENDS), planes = l->planes, units = l->inputs >> HALVES;
  const size_t in = (size_t)TILE * units + 16, out = (size_t)TILE * l->outputs + 16;
  const size_t from = (size_t)spread * l->inputs, to = (size_t)spread * l->outputs; /* rows from one of a block to its next */
  float *seen = work, *made = work + planes * in;
  int phase = 0, at = 0;
  while (phase < spread && phase < count) {
    int first[TILE], rows = 0;
    while (rows < TILE && phase < spread && phase < count) {
      first[rows++] = phase + at * spread;
      at += outs;
      if (phase + at * spread >= count) phase++, at = 0;
    }
    for (int m = 0; m < rows; m++)
      (n == 32 ? NAMED(take32) : NAMED(take16))(l->inputs, from, outs * from, in,
                                                x + (ptrdiff_t)(first[m] - ((l->taps - 1) / 2 - ENDS) * spread) * l->inputs,
                                                seen + (size_t)m * units);
    for (int m = rows; m < ROWS; m++)
      for (int p = 0; p < planes; p++) memset(seen + p * in + (size_t)m * units, 0, (size_t)units * 4);
    for (int p = 0; p < planes; p++)
      NAMED(units)(rows < ROWS ? ROWS : rows, units, l->outputs, seen + p * in, l->weights + (size_t)p * units * l->outputs, made + p * out);
    for (int m = 0; m < rows; m++) {
      int left = (count - first[m] + spread - 1) / spread;
      (n == 32 ? NAMED(give32) : NAMED(give16))(l, to, outs * to, out, made + (size_t)m * l->outputs, left < outs ? left : outs, s,
                                                y + (size_t)first[m] * l->outputs);
    }
  }
}

static void NAMED(leak)(float slope, size_t count, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] > 0 ? x[i] : x[i] * slope;
}

/* e^x, or `largest` where that is less. */
INLINE vf NAMED(power)(vf x, float largest) {
  x = NAMED(pick)(x < -87, NAMED(filled)(-87), x);
  x = NAMED(pick)(x > 80, NAMED(filled)(80), x);
  vf whole = x * 1.44269504f + 12582912.0f;
  vi bits = ((vi)whole - 0x4B400000 + 127) << 23;
  whole -= 12582912.0f;
  vf r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  vf y = 1 + r * (1 + r * (0.5f + r * (1.6666666e-1f + r * (4.1666666e-2f + r * (8.3333333e-3f + r * (1.3888889e-3f + r * 1.98412698e-4f))))));
  y *= (vf)bits;
  return NAMED(pick)(y > largest, NAMED(filled)(largest), y);
}

INLINE vf NAMED(sine)(vf x) { /* |x| <= 1 */
  vf q = x * x;
  return x * (1 + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.98412698e-4f + q * 2.75573192e-6f))));
}
INLINE vf NAMED(cosine)(vf x) { /* |x| <= 1 */
  vf q = x * x;
  return 1 + q * (-0.5f + q * (4.1666667e-2f + q * (-1.38888889e-3f + q * (2.48015873e-5f + q * -2.75573192e-7f))));
}
/* sin x: twice the sine times the cosine of half of what is left of x without whole turns. */
INLINE vf NAMED(turned)(vf x) {
  vf v = x * 0.159154943f, r = v - NAMED(nearest)(v), q = r * r;
  vf s = NAMED(half_turn)(r);
  vf c = 1 + q * (-4.93480220f + q * (4.05871213f + q * (-1.33526277f + q * (0.235330630f + q * -0.0258068913f))));
  return 2 * s * c;
}

/* Three pairs of convolutions; x [count, channels] becomes what they make of it. */
static void NAMED(resblock)(const block *b, int count, int channels, float *x, const desk *d) {
  for (int i = 0; i < 3; i++) {
    for (int t = 0; t < count; t++)
      for (int c = 0; c < channels; c += WIDTH) {
        const size_t at = (size_t)t * channels + c;
        *(vf *)(d->one + at) = NAMED(snaked)(NAMED(load)(x + at), NAMED(load)(b->before[i].turns + c), NAMED(load)(b->before[i].inverse + c));
      }
    NAMED(convolve)(&b->first[i], 2 * i + 1, count, d->one, &b->between[i], d->work, d->two);
    NAMED(convolve)(&b->second[i], 1, count, d->two, NULL, d->work, x);
  }
}

/* `x` [8 frames of a mel frame or 1, inputs] made eight times as long, with the excitation of `source`; y [count, channels]. */
static void NAMED(run_stage)(const wave *w, int index, int frames, float *x, const float *source, const desk *d, float *y) {
  const stage *s = &w->stage[index];
  const int inputs = s->up.inputs, channels = s->channels, rows = index ? 8 * frames : frames, count = 8 * rows + index;
  const size_t size = (size_t)count * channels;
  NAMED(leak)(0.1f, (size_t)rows * inputs, x);
  for (size_t i = 0; HALVES && i < (size_t)rows * inputs; i += WIDTH) NAMED(put)(x + i / 2, 0, NAMED(load)(x + i));
  NAMED(units)(rows < ROWS ? ROWS : rows, inputs >> HALVES, 16 * channels, x, s->up.weights, d->wide);
  for (int t = 0; t < 8 * rows; t++) {
    const int j = t / 8, r = t % 8, other = r < 4 ? j - 1 : j + 1;
    const int both = other >= 0 && other < rows;
    const float *one = d->wide + ((size_t)j * 16 + r + 4) * channels;
    const float *two = both ? d->wide + ((size_t)other * 16 + (r < 4 ? r + 12 : r - 4)) * channels : NULL;
    float *to = y + (size_t)(t + index) * channels;
    for (int c = 0; c < channels; c += WIDTH) {
      vf sum = NAMED(load)(s->up.bias + c) + NAMED(load)(one + c);
      if (both) sum += NAMED(load)(two + c);
      *(vf *)(to + c) = sum;
    }
  }
  float *const sides[] = {d->one, d->two};
  for (int i = 0; i < 2; i++) { /* `wide` was laid over them */
    memset(sides[i] - BEFORE * (size_t)channels, 0, BEFORE * (size_t)channels * 4);
    memset(sides[i] + (size_t)count * channels, 0, BEHIND * (size_t)channels * 4);
  }
  /* one row more in front, reflected, to match the 64 frames + 1 rows of the transform */
  if (index) memcpy(y, y + 2 * (size_t)channels, (size_t)channels * 4);
  const int samples = HOP * frames, spectra = samples / 4 + 1;
  for (int i = 0; i < 8; i++) d->samples[i] = source[8 - i], d->samples[8 + samples + i] = source[samples - 2 - i];
  memcpy(d->samples + 8, source, (size_t)samples * 4);
  NAMED(product)(spectra, 16, 32, d->samples, 4, w->transform.weights, w->transform.bias, d->spectra, 32);
  NAMED(product)(count < ROWS ? ROWS : count, s->down.inputs, channels, d->spectra - (ptrdiff_t)s->pad * 32, (size_t)s->stride * 32,
          s->down.weights, s->down.bias, d->part, (size_t)channels);
  NAMED(resblock)(&s->block[0], count, channels, d->part, d);
  for (size_t i = 0; i < size; i++) y[i] += d->part[i];
  for (int b = 1; b < 4; b++) {
    memcpy(d->part, y, size * 4);
    NAMED(resblock)(&s->block[b], count, channels, d->part, d);
    if (b == 1) memcpy(d->sum, d->part, size * 4);
    else
      for (size_t i = 0; i < size; i++) d->sum[i] += d->part[i];
  }
  for (size_t i = 0; i < size; i++) y[i] = d->sum[i] * (1.0f / 3);
}

static void NAMED(coarse)(const wave *w, int frames, const float *mel, const float *source, const desk *d, float *out) {
  const stage *s = &w->stage[0];
  for (int i = 0; i < MELS; i++)
    for (int t = 0; t < frames; t++) d->y[(size_t)(t + 3) * MELS + i] = mel[(size_t)i * frames + t];
  memset(d->y, 0, 3 * MELS * 4), memset(d->y + (size_t)(frames + 3) * MELS, 0, (3 + 16) * MELS * 4);
  NAMED(product)(frames < ROWS ? ROWS : frames, 7 * MELS, s->up.inputs, d->y, MELS, w->before.weights, w->before.bias, d->x, (size_t)s->up.inputs);
  NAMED(run_stage)(w, 0, frames, d->x, source, d, d->y);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < 8 * frames; t++) out[(size_t)c * 8 * frames + t] = d->y[(size_t)t * s->channels + c];
}

static void NAMED(fine)(const wave *w, int frames, const float *from, const float *source, const desk *d, float *out) {
  const stage *s = &w->stage[1];
  const int rows = 8 * frames, count = 64 * frames + 1, channels = s->channels, samples = HOP * frames;
  memset(d->x, 0, (size_t)rows * s->up.inputs * 4);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < rows; t++) d->x[(size_t)t * s->up.inputs + c] = from[(size_t)c * rows + t];
  NAMED(run_stage)(w, 1, frames, d->x, source, d, d->y);
  NAMED(leak)(0.01f, (size_t)count * channels, d->y);
  /* three rows of zeros on either side */
  memset(d->y - 3 * channels, 0, (size_t)(3 * channels) * 4), memset(d->y + (size_t)count * channels, 0, (size_t)(3 * channels) * 4);
  float *parts = d->wide, *windows = d->part;
  NAMED(product)(count, 7 * channels, 32, d->y - 3 * channels, (size_t)channels, w->after.weights, w->after.bias, parts, 32);
  for (int t = 0; t < count; t++)
    for (int i = 0; i < 16; i += WIDTH) {
      float *at = parts + (size_t)t * 32 + i;
      vf magnitude = NAMED(power)(NAMED(load)(at), LARGEST), phase = NAMED(turned)(NAMED(load)(at + 16));
      *(vf *)at = magnitude * NAMED(cosine)(phase), *(vf *)(at + 16) = magnitude * NAMED(sine)(phase);
    }
  NAMED(product)(count, 32, 16, parts, 32, w->inverse.weights, w->inverse.bias, windows, 16);
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

static const form NAMED(form) = {PANEL, TILE, HALVES, ENDS, NAMED(plane), {NAMED(coarse), NAMED(fine)}};

#undef INLINE
#undef PANEL
#undef vf
#undef vi
#undef NAMED
#undef WIDTH
#undef ROWS
#undef VECTORS
#undef TILE
#undef HALVES
#undef ENDS
