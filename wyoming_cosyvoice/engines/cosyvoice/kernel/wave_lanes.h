/* What a thread does of a wave, once for each instruction set (see wave_kernel.c). V has WIDTH numbers. */

#define INLINE static inline __attribute__((always_inline))
#define V NAMED(numbers)

typedef float V __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t NAMED(integers) __attribute__((vector_size(4 * WIDTH), may_alias));

INLINE V NAMED(pick)(NAMED(integers) where, V x, V y) { return (V)(((NAMED(integers))x & where) | ((NAMED(integers))y & ~where)); }
INLINE V NAMED(load)(const float *at) { return *(const V *)at; }
INLINE V NAMED(all)(float x) { return (V){} + x; }

/* A plane of weights: `taps` matrices, each times its factor, added up. */
static void NAMED(plane)(size_t count, int taps, const float *weight, const float *factor, float *sum) {
  for (size_t i = 0; i < count; i += WIDTH) {
    V total = NAMED(all)(0);
    for (int k = 0; k < taps; k++) total += factor[k] * NAMED(load)(weight + k * count + i);
    *(V *)(sum + i) = total;
  }
}

/* ROWS rows of a product with a panel of 2 * WIDTH outputs, of which `vectors` are kept. */
INLINE void NAMED(rows)(int inputs, const int vectors, const float *x, size_t stride, const float *w, const float *bias, float *y, size_t to) {
  V sums[ROWS][2];
  for (int v = 0; v < vectors; v++) {
    V start = bias ? NAMED(load)(bias + v * WIDTH) : NAMED(all)(0);
    for (int m = 0; m < ROWS; m++) sums[m][v] = start;
  }
  for (int k = 0; k < inputs; k++, w += 2 * WIDTH) {
    V first = NAMED(load)(w), second = NAMED(load)(w + WIDTH);
    for (int m = 0; m < ROWS; m++) {
      float one = x[m * stride + k];
      sums[m][0] += one * first;
      if (vectors == 2) sums[m][1] += one * second;
    }
  }
  for (int m = 0; m < ROWS; m++)
    for (int v = 0; v < vectors; v++) *(V *)(y + m * to + v * WIDTH) = sums[m][v];
}

/* y [count, outputs] = x [count, inputs] w + bias for count >= ROWS; w as `pack` lays it. */
static void NAMED(product)(int count, int inputs, int outputs, const float *x, size_t stride, const float *w, const float *bias, float *y, size_t to) {
  for (int n = 0; n < outputs; n += 2 * WIDTH, w += (size_t)inputs * 2 * WIDTH)
    for (int m = 0; m < count; m += ROWS) {
      int at = m + ROWS <= count ? m : count - ROWS; /* some rows twice rather than fewer at a time */
      const float *from = x + at * stride, *b = bias ? bias + n : NULL;
      if (n + WIDTH < outputs) NAMED(rows)(inputs, 2, from, stride, w, b, y + at * to + n, to);
      else NAMED(rows)(inputs, 1, from, stride, w, b, y + at * to + n, to);
    }
}

/* Fourier transforms of real numbers: N of them become 0 .. N / 2, in halves; there and back multiplies by N. */
INLINE void NAMED(forward4)(const V *x, int step, V *re, V *im) {
  V even = x[0] + x[2 * step], odd = x[step] + x[3 * step];
  re[0] = even + odd, re[1] = x[0] - x[2 * step], re[2] = even - odd;
  im[0] = im[2] = NAMED(all)(0), im[1] = x[3 * step] - x[step];
}
INLINE void NAMED(inverse4)(const V *re, const V *im, V *x, int step) {
  V even = re[0] + re[2], odd = re[0] - re[2], r = re[1] + re[1], i = im[1] + im[1];
  x[0] = even + r, x[step] = odd - i, x[2 * step] = even - r, x[3 * step] = odd + i;
}
#define TRANSFORM(N, HALF)                                                                         \
  INLINE void NAMED(forward##N)(const V *x, int step, V *re, V *im) {                              \
    V er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                  \
    NAMED(forward##HALF)(x, 2 * step, er, ei), NAMED(forward##HALF)(x + step, 2 * step, or, oi);   \
    re[0] = er[0] + or[0], re[N / 2] = er[0] - or[0], im[0] = im[N / 2] = NAMED(all)(0);           \
    re[N / 4] = er[N / 4], im[N / 4] = -or[N / 4];                                                 \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                     \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                            \
      V r = c * or[f] + s * oi[f], i = c * oi[f] - s * or[f];                                      \
      re[f] = er[f] + r, im[f] = ei[f] + i, re[N / 2 - f] = er[f] - r, im[N / 2 - f] = i - ei[f];  \
    }                                                                                              \
  }                                                                                                \
  INLINE void NAMED(inverse##N)(const V *re, const V *im, V *x, int step) {                        \
    V er[N / 4 + 1], ei[N / 4 + 1], or[N / 4 + 1], oi[N / 4 + 1];                                  \
    er[0] = re[0] + re[N / 2], or[0] = re[0] - re[N / 2];                                          \
    er[N / 4] = re[N / 4] + re[N / 4], or[N / 4] = -(im[N / 4] + im[N / 4]);                       \
    ei[0] = oi[0] = ei[N / 4] = oi[N / 4] = NAMED(all)(0);                                         \
    _Pragma("GCC unroll 16") for (int f = 1; f < N / 4; f++) {                                     \
      const float c = cosines[f * 32 / N], s = cosines[8 - f * 32 / N];                            \
      V r = re[f] - re[N / 2 - f], i = im[f] + im[N / 2 - f];                                      \
      er[f] = re[f] + re[N / 2 - f], ei[f] = im[f] - im[N / 2 - f];                                \
      or[f] = c * r - s * i, oi[f] = c * i + s * r;                                                \
    }                                                                                              \
    NAMED(inverse##HALF)(er, ei, x, 2 * step), NAMED(inverse##HALF)(or, oi, x + step, 2 * step);   \
  }
TRANSFORM(8, 4)
TRANSFORM(16, 8)
TRANSFORM(32, 16)

INLINE V NAMED(nearest)(V x) {
#if WIDTH == 16
  return (V)_mm512_roundscale_ps((__m512)x, 0);
#else
  return (V)_mm256_round_ps((__m256)x, 0);
#endif
}

/* x + sin²(a x) / a with turns = a / pi. */
INLINE V NAMED(snake)(V x, V turns, V inverse) {
  V v = x * turns, r = v - NAMED(nearest)(v);
  V q = r * r;
  V s = r * (3.14159265f + q * (-5.16771278f + q * (2.55016404f + q * (-0.599264529f + q * 0.0821458866f))));
  return x + s * s * inverse;
}

#define BLOCKS(N)                                                                                                        \
  static void NAMED(take##N)(int channels, size_t row, size_t plane, const float *x, float *to) {                        \
    for (int c = 0; c < channels; c += WIDTH) {                                                                          \
      V in[N], re[N / 2 + 1], im[N / 2 + 1];                                                                             \
      _Pragma("GCC unroll 32") for (int i = 0; i < N; i++) in[i] = NAMED(load)(x + i * row + c);                         \
      NAMED(forward##N)(in, 1, re, im);                                                                                  \
      float *at = to + c;                                                                                                \
      *(V *)at = re[0], at += plane, *(V *)at = re[N / 2], at += plane;                                                  \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++) {                                                         \
        *(V *)at = re[f], at += plane, *(V *)at = im[f], at += plane, *(V *)at = re[f] + im[f], at += plane;             \
      }                                                                                                                  \
    }                                                                                                                    \
  }                                                                                                                      \
  static void NAMED(give##N)(const convolution *l, size_t row, size_t plane, const float *from, int count, const snake *s, float *y) { \
    for (int c = 0; c < l->outputs; c += WIDTH) {                                                                        \
      V out[N], re[N / 2 + 1], im[N / 2 + 1], bias = NAMED(load)(l->bias + c);                                           \
      const float *at = from + c;                                                                                        \
      re[0] = NAMED(load)(at), re[N / 2] = NAMED(load)(at + plane), at += 2 * plane;                                     \
      im[0] = im[N / 2] = NAMED(all)(0);                                                                                 \
      _Pragma("GCC unroll 16") for (int f = 1; f < N / 2; f++, at += 3 * plane) {                                        \
        V one = NAMED(load)(at), two = NAMED(load)(at + plane), both = NAMED(load)(at + 2 * plane);                      \
        re[f] = one - two, im[f] = both - one - two;                                                                     \
      }                                                                                                                  \
      NAMED(inverse##N)(re, im, out, 1);                                                                                 \
      float *to = y + c;                                                                                                 \
      if (s) {                                                                                                           \
        V turns = NAMED(load)(s->turns + c), inverse = NAMED(load)(s->inverse + c);                                      \
        for (int i = 0; i < count; i++, to += row) *(V *)to = NAMED(snake)(out[i] + bias, turns, inverse);               \
      } else {                                                                                                           \
        for (int i = 0; i < count; i++, to += row) *(V *)to += out[i] + bias;                                            \
      }                                                                                                                  \
    }                                                                                                                    \
  }
BLOCKS(16)
BLOCKS(32)

/* One convolution of x [count, inputs] with `spread` rows from tap to tap; x has rows of zeros around it.
   With `s` y becomes the snake of it, else it is added to y. */
static void NAMED(convolve)(const convolution *l, int spread, int count, const float *x, const snake *s, float *work, float *y) {
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
      (n == 32 ? NAMED(take32) : NAMED(take16))(l->inputs, (size_t)spread * l->inputs, in, from, seen + (size_t)m * l->inputs);
    }
    for (int m = rows; m < ROWS; m++)
      for (int p = 0; p < planes; p++) memset(seen + p * in + (size_t)m * l->inputs, 0, (size_t)l->inputs * 4);
    for (int p = 0; p < planes; p++)
      NAMED(product)(rows < ROWS ? ROWS : rows, l->inputs, l->outputs, seen + p * in, (size_t)l->inputs, l->weights + p * l->plane, NULL,
                     made + p * out, (size_t)l->outputs);
    for (int m = 0; m < rows; m++) {
      int left = (count - first[m] + spread - 1) / spread;
      (n == 32 ? NAMED(give32) : NAMED(give16))(l, (size_t)spread * l->outputs, out, made + (size_t)m * l->outputs, left < outs ? left : outs, s,
                                                 y + (size_t)first[m] * l->outputs);
    }
  }
}

static void NAMED(leak)(float slope, size_t count, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] > 0 ? x[i] : x[i] * slope;
}

/* e^x, or `largest` where that is less. */
INLINE V NAMED(power)(V x, float largest) {
  x = NAMED(pick)(x < -87, NAMED(all)(-87), x);
  x = NAMED(pick)(x > 80, NAMED(all)(80), x);
  V whole = x * 1.44269504f + 12582912.0f;
  NAMED(integers) bits = ((NAMED(integers))whole - 0x4B400000 + 127) << 23;
  whole -= 12582912.0f;
  V r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  V y = 1 + r * (1 + r * (0.5f + r * (1.6666666e-1f + r * (4.1666666e-2f + r * (8.3333333e-3f + r * (1.3888889e-3f + r * 1.98412698e-4f))))));
  y *= (V)bits;
  return NAMED(pick)(y > largest, NAMED(all)(largest), y);
}

INLINE V NAMED(sine)(V x) { /* |x| <= 1 */
  V q = x * x;
  return x * (1 + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.98412698e-4f + q * 2.75573192e-6f))));
}
INLINE V NAMED(cosine)(V x) { /* |x| <= 1 */
  V q = x * x;
  return 1 + q * (-0.5f + q * (4.1666667e-2f + q * (-1.38888889e-3f + q * (2.48015873e-5f + q * -2.75573192e-7f))));
}
/* sin x: twice the sine times the cosine of half of what is left of x without whole turns. */
INLINE V NAMED(turned)(V x) {
  V v = x * 0.159154943f, r = v - NAMED(nearest)(v), q = r * r;
  V s = r * (3.14159265f + q * (-5.16771278f + q * (2.55016404f + q * (-0.599264529f + q * 0.0821458866f))));
  V c = 1 + q * (-4.93480220f + q * (4.05871213f + q * (-1.33526277f + q * (0.235330630f + q * -0.0258068913f))));
  return 2 * s * c;
}

/* Three pairs of convolutions; x [count, channels] becomes what they make of it. */
static void NAMED(resblock)(const block *b, int count, int channels, float *x, const desk *d) {
  for (int i = 0; i < 3; i++) {
    for (int t = 0; t < count; t++)
      for (int c = 0; c < channels; c += WIDTH) {
        const size_t at = (size_t)t * channels + c;
        *(V *)(d->one + at) = NAMED(snake)(NAMED(load)(x + at), NAMED(load)(b->before[i].turns + c), NAMED(load)(b->before[i].inverse + c));
      }
    NAMED(convolve)(&b->first[i], 2 * i + 1, count, d->one, &b->between[i], d->work, d->two);
    NAMED(convolve)(&b->second[i], 1, count, d->two, NULL, d->work, x);
  }
}

/* `x` [8 frames of a mel frame or 1, inputs] made eight times as long, with the excitation of `source`; y [count, channels]. */
static void NAMED(stage)(const wave *w, int index, int frames, float *x, const float *source, const desk *d, float *y) {
  const stage *s = &w->stage[index];
  const int inputs = s->up.inputs, channels = s->channels, rows = index ? 8 * frames : frames, count = 8 * rows + index;
  const size_t size = (size_t)count * channels;
  NAMED(leak)(0.1f, (size_t)rows * inputs, x);
  NAMED(product)(rows < ROWS ? ROWS : rows, inputs, 16 * channels, x, (size_t)inputs, s->up.weights, NULL, d->wide, 16 * (size_t)channels);
  for (int t = 0; t < 8 * rows; t++) {
    const int j = t / 8, r = t % 8, other = r < 4 ? j - 1 : j + 1;
    const float *one = d->wide + ((size_t)j * 16 + r + 4) * channels, *two = d->wide + ((ptrdiff_t)other * 16 + (r < 4 ? r + 12 : r - 4)) * channels;
    const int both = other >= 0 && other < rows;
    float *to = y + (size_t)(t + index) * channels;
    for (int c = 0; c < channels; c += WIDTH) {
      V sum = NAMED(load)(s->up.bias + c) + NAMED(load)(one + c);
      if (both) sum += NAMED(load)(two + c);
      *(V *)(to + c) = sum;
    }
  }
  /* one row more in front, reflected, to match the 64 frames + 1 rows of the transform */
  if (index) memcpy(y, y + 2 * (size_t)channels, (size_t)channels * 4);
  const int samples = HOP * frames, spectra = samples / 4 + 1;
  for (int i = 0; i < 8; i++) d->samples[i] = source[8 - i], d->samples[8 + samples + i] = source[samples - 2 - i];
  memcpy(d->samples + 8, source, (size_t)samples * 4);
  NAMED(product)(spectra, 16, 32, d->samples, 4, w->transform.weights, w->transform.bias, d->spectra, 32);
  NAMED(product)(count < ROWS ? ROWS : count, s->down.inputs, channels, d->spectra - (ptrdiff_t)s->pad * 32, (size_t)s->stride * 32, s->down.weights,
                 s->down.bias, d->part, (size_t)channels);
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
  NAMED(stage)(w, 0, frames, d->x, source, d, d->y);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < 8 * frames; t++) out[(size_t)c * 8 * frames + t] = d->y[(size_t)t * s->channels + c];
}

static void NAMED(fine)(const wave *w, int frames, const float *from, const float *source, const desk *d, float *out) {
  const stage *s = &w->stage[1];
  const int rows = 8 * frames, count = 64 * frames + 1, channels = s->channels, samples = HOP * frames;
  memset(d->x, 0, (size_t)rows * s->up.inputs * 4);
  for (int c = 0; c < w->kept; c++)
    for (int t = 0; t < rows; t++) d->x[(size_t)t * s->up.inputs + c] = from[(size_t)c * rows + t];
  NAMED(stage)(w, 1, frames, d->x, source, d, d->y);
  NAMED(leak)(0.01f, (size_t)count * channels, d->y);
  /* three rows of zeros on either side */
  memset(d->y - 3 * channels, 0, (size_t)(3 * channels) * 4), memset(d->y + (size_t)count * channels, 0, (size_t)(3 * channels) * 4);
  float *parts = d->wide, *windows = d->part;
  NAMED(product)(count, 7 * channels, 32, d->y - 3 * channels, (size_t)channels, w->after.weights, w->after.bias, parts, 32);
  for (int t = 0; t < count; t++)
    for (int i = 0; i < 16; i += WIDTH) {
      float *at = parts + (size_t)t * 32 + i;
      V magnitude = NAMED(power)(NAMED(load)(at), LARGEST), phase = NAMED(turned)(NAMED(load)(at + 16));
      *(V *)at = magnitude * NAMED(cosine)(phase), *(V *)(at + 16) = magnitude * NAMED(sine)(phase);
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
#undef V
#undef INLINE
