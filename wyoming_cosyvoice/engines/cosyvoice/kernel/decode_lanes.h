/* What one thread does of a step, once for each instruction set (see decode_kernel.c). */

#define INLINE static inline __attribute__((always_inline))

#if WITH_512
typedef __m512i NAMED(sums);
#define SUMS NAMED(sums)
INLINE SUMS NAMED(dot)(SUMS sums, const uint8_t *w, const int8_t *a) {
  int32_t four;
  memcpy(&four, a, 4);
  return _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(w), _mm512_set1_epi32(four));
}
INLINE vf NAMED(whole)(SUMS sums, int32_t middle) { return (vf)_mm512_cvtepi32_ps(_mm512_sub_epi32(sums, _mm512_set1_epi32(middle))); }
INLINE vf NAMED(half)(const uint16_t *at) { return (vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at)); }
INLINE void NAMED(keep)(uint16_t *at, vf x) { _mm256_storeu_si256((__m256i *)at, _mm512_cvtps_ph((__m512)x, 0)); }
INLINE float NAMED(total)(vf x) {
  __m256 y = _mm256_add_ps(_mm512_castps512_ps256((__m512)x), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd((__m512)x), 1)));
#else
typedef struct { __m256i half[2]; } NAMED(sums);
#define SUMS NAMED(sums)
INLINE SUMS NAMED(dot)(SUMS sums, const uint8_t *w, const int8_t *a, int32_t middle) {
  int32_t four;
  memcpy(&four, a, 4);
  __m256i x = _mm256_set1_epi32(four), ones = _mm256_set1_epi16(1), zero = _mm256_set1_epi8((char)middle);
  for (int i = 0; i < 2; i++) {
    __m256i weight = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)w + i), zero);
    /* the sign goes to the input: a weight may be -128, which has no opposite; 2 * 128 * 127 fits 16 bits */
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weight), _mm256_sign_epi8(x, weight));
    sums.half[i] = _mm256_add_epi32(sums.half[i], _mm256_madd_epi16(pairs, ones));
  }
  return sums;
}
INLINE vf NAMED(pair)(__m256 low, __m256 high) {
  vf x;
  memcpy(&x, &low, 32), memcpy((char *)&x + 32, &high, 32);
  return x;
}
INLINE vf NAMED(whole)(SUMS sums) { return NAMED(pair)(_mm256_cvtepi32_ps(sums.half[0]), _mm256_cvtepi32_ps(sums.half[1])); }
INLINE vf NAMED(half)(const uint16_t *at) {
  return NAMED(pair)(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at)), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at + 1)));
}
INLINE void NAMED(keep)(uint16_t *at, vf x) {
  __m256 low, high;
  memcpy(&low, &x, 32), memcpy(&high, (char *)&x + 32, 32);
  _mm_storeu_si128((__m128i *)at, _mm256_cvtps_ph(low, 0)), _mm_storeu_si128((__m128i *)at + 1, _mm256_cvtps_ph(high, 0));
}
INLINE float NAMED(total)(vf x) {
  __m256 low, high;
  memcpy(&low, &x, 32), memcpy(&high, (char *)&x + 32, 32);
  __m256 y = _mm256_add_ps(low, high);
#endif
  __m128 z = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
  z = _mm_add_ps(z, _mm_movehl_ps(z, z));
  return _mm_cvtss_f32(_mm_add_ss(z, _mm_shuffle_ps(z, z, 1)));
}

INLINE vf NAMED(all)(float x) { return (vf){} + x; }
INLINE vf NAMED(pick)(vi where, vf x, vf y) { return (vf)(((vi)x & where) | ((vi)y & ~where)); }
INLINE vf NAMED(load)(const float *at) { return *(const vf *)at; }

/* One panel of a product for `lanes` lanes; `y` [lanes][16]. */
INLINE void NAMED(panel)(const linear *l, int p, const int lanes, const int bits, const desk *d, int from, vf *y) {
  const int block = l->block, blocks = l->blocks;
  const size_t wide = (size_t)blocks * block, bytes = (size_t)WIDE * block * bits / 8;
  const uint8_t *w = l->codes + (size_t)p * blocks * bytes;
  const float *scales = l->scales + (size_t)p * blocks * WIDE;
  const int8_t *a = d->codes + from * wide;
  for (int m = 0; m < lanes; m++) y[m] = NAMED(load)(l->bias + p * WIDE);
  for (int b = 0; b < blocks; b++, w += bytes, a += block) {
    SUMS sums[GROUP] = {0};
    for (int k = 0; k < block; k += 32 / bits) {
      const uint8_t *at = w + (size_t)k * WIDE * bits / 8;
      _mm_prefetch((const char *)at + 2048, _MM_HINT_T0);
#if WITH_512
      if (bits == 8) {
        for (int m = 0; m < lanes; m++) sums[m] = NAMED(dot)(sums[m], at, a + m * wide + k);
      } else {
        __m512i both = _mm512_loadu_si512(at), mask = _mm512_set1_epi8(15), part[2];
        part[0] = _mm512_and_si512(both, mask), part[1] = _mm512_and_si512(_mm512_srli_epi16(both, 4), mask);
        for (int i = 0; i < 2; i++)
          for (int m = 0; m < lanes; m++) {
            int32_t four;
            memcpy(&four, a + m * wide + k + 4 * i, 4);
            sums[m] = _mm512_dpbusd_epi32(sums[m], part[i], _mm512_set1_epi32(four));
          }
      }
#else
      if (bits == 8) {
        for (int m = 0; m < lanes; m++) sums[m] = NAMED(dot)(sums[m], at, a + m * wide + k, 128);
      } else {
        uint8_t part[2][64];
        for (int i = 0; i < 64; i++) part[0][i] = at[i] & 15, part[1][i] = at[i] >> 4;
        for (int i = 0; i < 2; i++)
          for (int m = 0; m < lanes; m++) sums[m] = NAMED(dot)(sums[m], part[i], a + m * wide + k + 4 * i, 8);
      }
#endif
    }
    vf scale = NAMED(load)(scales + b * WIDE);
    for (int m = 0; m < lanes; m++) {
      const int at = (from + m) * blocks + b;
#if WITH_512
      vf whole = NAMED(whole)(sums[m], (bits == 8 ? 128 : 8) * d->sums[at]);
#else
      vf whole = NAMED(whole)(sums[m]);
#endif
      y[m] += whole * (scale * d->scales[at]);
    }
  }
}

INLINE void NAMED(lanes)(const linear *l, int p, const int lanes, const desk *d, int from, float *y, size_t stride, int how) {
  vf made[GROUP];
  if (l->bits == 8) NAMED(panel)(l, p, lanes, 8, d, from, made);
  else NAMED(panel)(l, p, lanes, 4, d, from, made);
  int left = l->outputs - p * WIDE < WIDE ? l->outputs - p * WIDE : WIDE;
  for (int m = 0; m < lanes; m++) {
    float *to = y + (size_t)(from + m) * stride + p * WIDE;
    vf x = made[m];
    if (how == RELU) x = NAMED(pick)(x > 0, x, NAMED(all)(0));
    if (left == WIDE && how == ADD) *(vf *)to += x;
    else if (left == WIDE) *(vf *)to = x;
    else memcpy(to, &x, (size_t)left * 4);
  }
}

/* Panels [first, last) of a product of the lanes on the desk. */
static void NAMED(product)(const linear *l, int first, int last, const desk *d, int lanes, float *y, size_t stride, int how) {
  for (int p = first; p < last; p++)
    for (int from = 0; from < lanes; from += GROUP) {
      switch (lanes - from) {
        case 1: NAMED(lanes)(l, p, 1, d, from, y, stride, how); break;
        case 2: NAMED(lanes)(l, p, 2, d, from, y, stride, how); break;
        case 3: NAMED(lanes)(l, p, 3, d, from, y, stride, how); break;
        default: NAMED(lanes)(l, p, 4, d, from, y, stride, how); break;
      }
    }
}

/* Lay `x` [lanes, inputs] on the desk, in 8 bits with a scale for each block of a lane. */
static void NAMED(lay)(const linear *l, const desk *d, int lanes, const float *x, size_t stride) {
  for (int m = 0; m < lanes; m++, x += stride)
    for (int b = 0; b < l->blocks; b++) {
      int8_t *codes = d->codes + ((size_t)m * l->blocks + b) * l->block;
      const float *from = x + b * l->block;
      int count = l->inputs - b * l->block < l->block ? l->inputs - b * l->block : l->block;
      float most = 0;
      for (int i = 0; i < count; i++) most = fabsf(from[i]) > most ? fabsf(from[i]) : most;
      float scale = most / 127, inverse = most > 0 ? 127 / most : 0;
      int32_t sum = 0;
      for (int i = 0; i < count; i++) {
        /* adding and taking away 1.5 * 2^23 rounds to the nearest whole number */
        float rounded = from[i] * inverse + 12582912.0f;
        int32_t code;
        memcpy(&code, &rounded, 4);
        code -= 0x4B400000;
        codes[i] = (int8_t)code, sum += code;
      }
      memset(codes + count, 0, (size_t)(l->block - count));
      d->scales[m * l->blocks + b] = scale, d->sums[m * l->blocks + b] = sum;
    }
}

static void NAMED(normalise)(const norm *n, int width, float epsilon, const float *x, float *y) {
  vf sum = NAMED(all)(0), squares = NAMED(all)(0);
  for (int i = 0; i < width; i += WIDE) sum += NAMED(load)(x + i);
  float mean = NAMED(total)(sum) / (float)width;
  for (int i = 0; i < width; i += WIDE) {
    vf off = NAMED(load)(x + i) - mean;
    squares += off * off;
  }
  float inverse = 1 / sqrtf(NAMED(total)(squares) / (float)width + epsilon);
  for (int i = 0; i < width; i += WIDE) *(vf *)(y + i) = (NAMED(load)(x + i) - mean) * inverse * NAMED(load)(n->scale + i) + NAMED(load)(n->bias + i);
}

/* e^x for x <= 0, to 2e-7 of it. */
INLINE vf NAMED(power)(vf x) {
  x = NAMED(pick)(x > -87, x, NAMED(all)(-87));
  vf whole = x * 1.44269504f + 12582912.0f;
  vi bits = ((vi)whole - 0x4B400000 + 127) << 23;
  whole -= 12582912.0f;
  vf r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  vf y = r * 1.9875691500e-4f + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  return (y * r * r + r + 1) * (vf)bits;
}

/* One head of one lane: q and v of `qkv` are of this head already; writes `out` [head_width]. */
static void NAMED(attend)(const model *m, const layer *l, int head, const float *query, const uint16_t *keys, const uint16_t *values, int last,
                          float *scores, float *out) {
  const int width = m->head_width, parts = width / WIDE;
  const uint16_t *relative = l->relative + (size_t)head * m->positions * width;
  const float scale = 1 / sqrtf((float)width);
  vf content[8], position[8], y[8];
  for (int i = 0; i < parts; i++) {
    vf q = NAMED(load)(query + i * WIDE);
    content[i] = q * scale, position[i] = q + NAMED(load)(l->position_bias + head * width + i * WIDE), y[i] = NAMED(all)(0);
  }
  float most = -INFINITY;
  for (int j = 0; j <= last; j++) {
    const uint16_t *k = keys + (size_t)j * width, *p = relative + (size_t)(last - j) * width;
    vf sum = NAMED(all)(0), other = NAMED(all)(0);
    for (int i = 0; i < parts; i++) sum += content[i] * NAMED(half)(k + i * WIDE), other += position[i] * NAMED(half)(p + i * WIDE);
    scores[j] = NAMED(total)(sum + other);
    most = scores[j] > most ? scores[j] : most;
  }
  vf sum = NAMED(all)(0);
  for (int j = last + 1; j < padded(last + 1, WIDE); j++) scores[j] = -INFINITY;
  for (int j = 0; j <= last; j += WIDE) {
    vf x = NAMED(load)(scores + j), e = NAMED(power)(x - most);
    e = NAMED(pick)(x > -INFINITY, e, NAMED(all)(0));
    *(vf *)(scores + j) = e, sum += e;
  }
  float inverse = 1 / NAMED(total)(sum);
  for (int j = 0; j <= last; j++)
    for (int i = 0; i < parts; i++) y[i] += scores[j] * NAMED(half)(values + (size_t)j * width + i * WIDE);
  for (int i = 0; i < parts; i++) *(vf *)(out + i * WIDE) = y[i] * inverse;
}

static void NAMED(part)(step *s, desk *d, int t) {
  const model *m = s->m;
  const int width = m->width, head_width = m->head_width, panels = width / WIDE, each = head_width / WIDE, T = s->threads, lanes = s->lanes;
  const int first_head = m->heads * t / T, last_head = m->heads * (t + 1) / T;
  const size_t row = (size_t)m->positions * head_width;
#define SHARE(count) (int)((int64_t)(count) * t / T), (int)((int64_t)(count) * (t + 1) / T)
  NAMED(lay)(&m->embed, d, lanes, s->rows, (size_t)m->inputs);
  NAMED(product)(&m->embed, SHARE(m->embed.panels), d, lanes, s->first, (size_t)width, SET);
  meet(s);
  for (int i = t; i < lanes; i += T) {
    float *x = s->x + (size_t)i * width;
    NAMED(normalise)(&m->embed_norm, width, 1e-5f, s->first + (size_t)i * width, x);
    const float scale = sqrtf((float)width);
    for (int k = 0; k < width; k++) x[k] = (x[k] > 0 ? x[k] : 0) * scale;
  }
  meet(s);
  for (int index = 0; index < m->layers; index++) {
    const layer *l = &m->layer[index];
    for (int i = 0; i < lanes; i++) NAMED(normalise)(&l->first, width, 1e-12f, s->x + (size_t)i * width, d->normed + (size_t)i * width);
    NAMED(lay)(&l->qkv, d, lanes, d->normed, (size_t)width);
    for (int part = 0; part < 3; part++)
      NAMED(product)(&l->qkv, part * panels + first_head * each, part * panels + last_head * each, d, lanes, s->qkv, 3 * (size_t)width, SET);
    for (int head = first_head; head < last_head; head++) {
      for (int i = 0; i < lanes; i++) {
        const size_t at = (((size_t)index * s->capacity + s->sequence[i]) * m->heads + head) * row + (size_t)s->position[i] * head_width;
        const float *from = s->qkv + (size_t)i * 3 * width + head * head_width;
        for (int k = 0; k < head_width; k += WIDE) {
          NAMED(keep)(s->keys + at + k, NAMED(load)(from + width + k));
          NAMED(keep)(s->values + at + k, NAMED(load)(from + 2 * width + k));
        }
      }
      for (int i = 0; i < lanes; i++) {
        const size_t at = (((size_t)index * s->capacity + s->sequence[i]) * m->heads + head) * row;
        NAMED(attend)(m, l, head, s->qkv + (size_t)i * 3 * width + head * head_width, s->keys + at, s->values + at, s->position[i], d->scores,
                      s->attended + (size_t)i * width + head * head_width);
      }
    }
    meet(s);
    NAMED(lay)(&l->out, d, lanes, s->attended, (size_t)width);
    NAMED(product)(&l->out, SHARE(l->out.panels), d, lanes, s->x, (size_t)width, ADD);
    meet(s);
    for (int i = 0; i < lanes; i++) NAMED(normalise)(&l->second, width, 1e-12f, s->x + (size_t)i * width, d->normed + (size_t)i * width);
    NAMED(lay)(&l->up, d, lanes, d->normed, (size_t)width);
    NAMED(product)(&l->up, SHARE(l->up.panels), d, lanes, s->inner, (size_t)m->inner, RELU);
    meet(s);
    NAMED(lay)(&l->down, d, lanes, s->inner, (size_t)m->inner);
    NAMED(product)(&l->down, SHARE(l->down.panels), d, lanes, s->x, (size_t)width, ADD);
    meet(s);
  }
  int wanted = 0;
  for (int i = 0; i < lanes; i++)
    if (s->wanted[i]) {
      NAMED(normalise)(&m->last_norm, width, 1e-5f, s->x + (size_t)i * width, d->normed + (size_t)wanted++ * width);
    }
  NAMED(lay)(&m->head, d, wanted, d->normed, (size_t)width);
  NAMED(product)(&m->head, SHARE(m->head.panels), d, wanted, s->logits, (size_t)m->outputs, SET);
#undef SHARE
}
#undef INLINE
#undef SUMS
