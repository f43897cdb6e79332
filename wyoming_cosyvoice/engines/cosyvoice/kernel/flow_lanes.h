/* One evaluation by one thread, once with attention in bfloat16 and once in float32 (see flow_kernel.c). */

#define INLINE static inline __attribute__((always_inline))

/* Loops written out over numbers that have names of their own: GCC stores those of an array again after each product, even
   where it keeps them in registers. */
#define FOR_ROWS(what, ...) what(0, __VA_ARGS__) what(1, __VA_ARGS__) what(2, __VA_ARGS__) what(3, __VA_ARGS__) what(4, __VA_ARGS__) what(5, __VA_ARGS__)
#define FOR_SIDE(what, ...) what(0, __VA_ARGS__) what(1, __VA_ARGS__) what(2, __VA_ARGS__) what(3, __VA_ARGS__)
#define FOR_BOTH(what) FOR_ROWS(FOR_SIDE_OF, what)
#define FOR_SIDE_OF(m, what) what(m, 0) what(m, 1) what(m, 2) what(m, 3)

/* A unit is what a product of attention takes at a time: two numbers in bfloat16, or one in float32. */
#if WITH_BF16
enum { NAMED(UNIT) = 2 };
INLINE vf NAMED(more)(vf sum, uint32_t x, const uint32_t *y) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int32_t)x), (__m512bh)_mm512_loadu_si512(y));
}
/* Units of two vectors, number by number side by side. */
INLINE void NAMED(side_by_side)(uint32_t *to, vf x, vf y) {
  __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x)), high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)y));
  _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
/* Units of a vector's neighbours. */
INLINE void NAMED(units)(uint32_t *to, vf x) { _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh((__m512)x)); }
#else
enum { NAMED(UNIT) = 1 };
INLINE vf NAMED(more)(vf sum, uint32_t x, const uint32_t *y) {
  return (vf)_mm512_fmadd_ps((__m512)_mm512_set1_epi32((int32_t)x), (__m512)_mm512_loadu_si512(y), (__m512)sum);
}
INLINE void NAMED(units)(uint32_t *to, vf x) { *(vf *)to = x; }
#endif
#define UNIT NAMED(UNIT)

INLINE vf NAMED(load)(const float *at) { return *(const vf *)at; }
INLINE vf NAMED(all)(float x) { return (vf){} + x; }
INLINE float NAMED(total)(vf x) { return _mm512_reduce_add_ps((__m512)x); }

/* 2^x to 3e-6 of it, for x of no more than 126 either way. */
INLINE vf NAMED(power)(vf x) {
  x = (vf)_mm512_min_ps(_mm512_max_ps((__m512)x, _mm512_set1_ps(-126)), _mm512_set1_ps(126));
  vf whole = (vf)_mm512_roundscale_ps((__m512)x, 8), r = x - whole;
  vf y = 1 + r * (0.69314718f + r * (0.24022651f + r * (5.5504109e-2f + r * (9.6181291e-3f + r * 1.3333558e-3f))));
  return (vf)_mm512_scalef_ps((__m512)y, (__m512)whole);
}

/* 1 / x to a few parts in 1e7. */
INLINE vf NAMED(inverse)(vf x) {
  vf y = (vf)_mm512_rcp14_ps((__m512)x);
  return y * (2 - x * y);
}

/* x times the share of a normal distribution below it, by way of a tanh as the graph has it: 5e-4 off at most. */
INLINE vf NAMED(gelu)(vf x) {
  vf e = NAMED(power)(x * (-2.30220819f - 0.102943240f * x * x));
  return x * NAMED(inverse)(1 + e);
}

/* x tanh(log(1 + e^x)). */
INLINE vf NAMED(mish)(vf x) {
  vf e = NAMED(power)((vf)_mm512_min_ps((__m512)x, _mm512_set1_ps(20)) * 1.44269504f), n = e * (e + 2);
  return x * n * NAMED(inverse)(n + 2);
}

/* Lay a row in 8 bits, 128 for nothing; return its scale. */
INLINE float NAMED(lay_row)(int inputs, const float *x, uint8_t *codes) {
  __m512 most = _mm512_setzero_ps();
  for (int k = 0; k < inputs; k += WIDE) most = _mm512_max_ps(most, _mm512_abs_ps((__m512)NAMED(load)(x + k)));
  const float largest = _mm512_reduce_max_ps(most), inverse = largest > 0 ? 127 / largest : 0;
  for (int k = 0; k < inputs; k += WIDE) {
    __m512i code = _mm512_add_epi32(_mm512_cvtps_epi32((__m512)(NAMED(load)(x + k) * inverse)), _mm512_set1_epi32(128));
    _mm_storeu_si128((__m128i *)(codes + k), _mm512_cvtepi32_epi8(code));
  }
  return largest / 127;
}

/* Rows of x, each `stride` after the one before, in 8 bits. */
static void NAMED(lay)(const linear *l, int rows, const float *x, size_t stride, const desk *d) {
  for (int m = 0; m < rows; m++) d->scales[m] = NAMED(lay_row)(l->inputs, x + m * stride, d->codes + (size_t)m * l->inputs);
}

/* The same for rows that are normalised first. */
static void NAMED(lay_normalised)(const linear *l, const norm *n, int rows, const float *x, const desk *d) {
  const int width = l->inputs;
  for (int m = 0; m < rows; m++, x += width) {
    vf sum = NAMED(all)(0), squares = NAMED(all)(0);
    for (int k = 0; k < width; k += WIDE) sum += NAMED(load)(x + k);
    const float mean = NAMED(total)(sum) / (float)width;
    for (int k = 0; k < width; k += WIDE) {
      vf off = NAMED(load)(x + k) - mean;
      squares += off * off;
    }
    const float inverse = 1 / sqrtf(NAMED(total)(squares) / (float)width + EPSILON);
    for (int k = 0; k < width; k += WIDE)
      *(vf *)(d->row + k) = (NAMED(load)(x + k) - mean) * inverse * NAMED(load)(n->scale + k) + NAMED(load)(n->bias + k);
    d->scales[m] = NAMED(lay_row)(width, d->row, d->codes + (size_t)m * width);
  }
}

/* The instruction by name: GCC 12 copies the sums before and after the built-in function, and then has too few registers. */
INLINE void NAMED(dot)(__m512i *sums, __m512i x, __m512i weight) { __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(x), "v"(weight)); }

INLINE __m512i NAMED(four)(const uint8_t *at) {
  int32_t codes;
  memcpy(&codes, at, 4);
  return _mm512_set1_epi32(codes);
}

INLINE void NAMED(give)(__m512i sum, vf scale, vf bias, const int how, float *to) {
  vf x = (vf)_mm512_cvtepi32_ps(sum) * scale + bias;
  if (how == GELU) x = NAMED(gelu)(x);
  if (how == ADD) x += NAMED(load)(to);
  *(vf *)to = x;
}

/* A panel of outputs for `count` rows of the desk. */
INLINE void NAMED(panel)(const linear *l, int p, const int count, const int vectors, int from, const desk *d, float *y, size_t stride, int how) {
  const size_t inputs = (size_t)l->inputs;
  const int8_t *w = l->codes + p * inputs * PANEL;
  const uint8_t *a = d->codes + from * inputs;
  __m512i x, weight0, weight1, weight2, weight3;
#define HAVE(m, v) __m512i sum##m##v;
  FOR_BOTH(HAVE)
#define BEGIN(m, v) if (m < count && v < vectors) sum##m##v = _mm512_loadu_si512(l->middle + p * PANEL + v * WIDE);
  FOR_BOTH(BEGIN)
  for (size_t k = 0; k < inputs; k += 4, w += 4 * PANEL) {
#define WEIGH(v, _) if (v < vectors) weight##v = _mm512_loadu_si512(w + v * 64);
#define TAKE(m, v) if (m < count && v < vectors) NAMED(dot)(&sum##m##v, x, weight##v);
#define TAKE_ROW(m, _) if (m < count) { x = NAMED(four)(a + m * inputs + k); FOR_SIDE_OF(m, TAKE) }
    FOR_SIDE(WEIGH, 0)
    FOR_ROWS(TAKE_ROW, 0)
  }
  const float *scales = l->scales + p * PANEL, *bias = l->bias + p * PANEL, *own = d->scales + from;
  y += from * stride + p * PANEL;
#define END(m, v) if (m < count && v < vectors) NAMED(give)(sum##m##v, NAMED(load)(scales + v * WIDE) * own[m], NAMED(load)(bias + v * WIDE), how, y + m * stride + v * WIDE);
  FOR_BOTH(END)
#undef HAVE
#undef BEGIN
#undef WEIGH
#undef TAKE
#undef TAKE_ROW
#undef END
}

INLINE void NAMED(panels)(const linear *l, const int count, int from, const desk *d, int p, float *y, size_t stride, int how) {
  switch ((l->outputs - p * PANEL) / WIDE) {
    case 1: NAMED(panel)(l, p, count, 1, from, d, y, stride, how); break;
    case 2: NAMED(panel)(l, p, count, 2, from, d, y, stride, how); break;
    case 3: NAMED(panel)(l, p, count, 3, from, d, y, stride, how); break;
    default: NAMED(panel)(l, p, count, 4, from, d, y, stride, how); break;
  }
}

/* The product of the rows on the desk, which becomes rows of y. */
INLINE void NAMED(product_as)(const linear *l, int rows, const desk *d, float *y, size_t stride, const int how) {
  for (int p = 0; p * PANEL < l->outputs; p++) {
    int m = 0;
    for (; m + ROWS <= rows; m += ROWS) NAMED(panels)(l, ROWS, m, d, p, y, stride, how);
    for (; m + 2 <= rows; m += 2) NAMED(panels)(l, 2, m, d, p, y, stride, how);
    if (m < rows) NAMED(panels)(l, 1, m, d, p, y, stride, how);
  }
}
static void NAMED(set)(const linear *l, int rows, const desk *d, float *y, size_t stride) { NAMED(product_as)(l, rows, d, y, stride, SET); }
static void NAMED(add)(const linear *l, int rows, const desk *d, float *y, size_t stride) { NAMED(product_as)(l, rows, d, y, stride, ADD); }
static void NAMED(activate)(const linear *l, int rows, const desk *d, float *y, size_t stride) { NAMED(product_as)(l, rows, d, y, stride, GELU); }

/* Rows at a time: what is between two products stays in the processor's cache; all alike in number. */
INLINE int NAMED(slab)(int rows) {
  const int slabs = (rows + SLAB - 1) / SLAB;
  return (int)padded((size_t)((rows + slabs - 1) / slabs), ROWS);
}
#define SLABS(rows, from, count) \
  for (int from = 0, each = NAMED(slab)(rows), count; count = rows - from < each ? rows - from : each, from < rows; from += each)

/* y = x times l, from rows of x that begin `stride` after each other. */
static void NAMED(multiply)(const linear *l, int rows, const float *x, size_t stride, const desk *d, float *y, size_t to, int how) {
  SLABS(rows, from, count) {
    NAMED(lay)(l, count, x + from * stride, stride, d);
    (how == ADD ? NAMED(add) : NAMED(set))(l, count, d, y + from * to, to);
  }
}

/* x [rows, channels] normalised over all rows and the channels of a group, and its mish; `more` [channels] is added. */
static void NAMED(group_norm)(const norm *n, int rows, int channels, const float *x, const float *more, float *y) {
  const int width = channels / GROUPS;
  float mean[GROUPS], inverse[GROUPS];
  for (int pass = 0; pass < 2; pass++) {
    double sums[GROUPS] = {0};
    for (int c = 0; c < channels; c += WIDE) {
      vf middle = NAMED(all)(0), sum = NAMED(all)(0);
      if (pass)
        for (int i = 0; i < WIDE; i++) ((float *)&middle)[i] = mean[(c + i) / width];
      for (int t = 0; t < rows; t++) {
        vf off = NAMED(load)(x + (size_t)t * channels + c) - middle;
        if (pass) sum += off * off;
        else sum += off;
      }
      for (int i = 0; i < WIDE; i++) sums[(c + i) / width] += ((float *)&sum)[i];
    }
    for (int g = 0; g < GROUPS; g++) {
      const float value = (float)(sums[g] / ((double)rows * width));
      if (pass) inverse[g] = 1 / sqrtf(value + EPSILON);
      else mean[g] = value;
    }
  }
  for (int c = 0; c < channels; c += WIDE) {
    vf factor, start, added = more ? NAMED(load)(more + c) : NAMED(all)(0);
    for (int i = 0; i < WIDE; i++) {
      const int g = (c + i) / width;
      ((float *)&factor)[i] = n->scale[c + i] * inverse[g];
      ((float *)&start)[i] = n->bias[c + i] - mean[g] * n->scale[c + i] * inverse[g];
    }
    for (int t = 0; t < rows; t++) {
      const size_t at = (size_t)t * channels + c;
      *(vf *)(y + at) = NAMED(mish)(NAMED(load)(x + at) * factor + start) + added;
    }
  }
}

/* Lay `rows` rows of query, key and value [3 inner] from frame `from` on as attention reads them: of each head the
   queries [frames, units of a row]; the keys of PANEL frames [units, PANEL]; the values [frames / UNIT, head], in units of
   neighbouring frames. */
static void NAMED(lay_heads)(const flow *f, size_t most, int from, int rows, const float *x, const desk *d) {
  const int inner = f->inner, head = f->head, units = head / UNIT;
  const float scale = 1.44269504f / sqrtf((float)head); /* powers of 2, not of e */
  for (int m = 0; m < rows; m++, x += 3 * inner) {
    const size_t t = (size_t)from + m;
    for (int h = 0; h < inner / head; h++) {
      uint32_t key[HEAD], *query = d->query + (h * most + t) * units, *keys = d->key + h * most * units + t / PANEL * PANEL * units + t % PANEL;
      for (int i = 0; i < head; i += WIDE) {
        NAMED(units)(query + i / UNIT, NAMED(load)(x + h * head + i) * scale);
        NAMED(units)(key + i / UNIT, NAMED(load)(x + inner + h * head + i));
      }
      for (int i = 0; i < units; i++) keys[(size_t)i * PANEL] = key[i];
      const float *value = x + 2 * inner + h * head;
      uint32_t *values = d->value + (h * most / UNIT + t / UNIT) * head;
#if WITH_BF16
      /* slabs are even in length, so both frames of a unit are in the same one but where there is no second */
      if (t % 2 == 0)
        for (int i = 0; i < head; i += WIDE)
          NAMED(side_by_side)(values + i, NAMED(load)(value + i), m + 1 < rows ? NAMED(load)(value + 3 * inner + i) : NAMED(all)(0));
#else
      memcpy(values, value, (size_t)head * 4);
#endif
    }
  }
}

/* Keep scores of a vector of frames, of which `left` exist; return the highest so far. */
INLINE __m512 NAMED(keep)(__m512 top, vf sums, int left, float *scores) {
  const __mmask16 there = left >= WIDE ? 0xffff : (__mmask16)((1 << left) - 1);
  __m512 x = _mm512_mask_blend_ps(there, _mm512_set1_ps(LOWEST), (__m512)sums);
  _mm512_storeu_ps(scores, x);
  return _mm512_max_ps(top, x);
}

/* Scores become shares, in units, as powers of 2 to 4e-5 of them; return one over their sum. */
INLINE float NAMED(share)(size_t most, float highest, const float *scores, uint32_t *shares) {
  vf sum = NAMED(all)(0);
  for (size_t j = 0; j < most; j += WIDE) {
    vf x = NAMED(load)(scores + j) - highest, whole = (vf)_mm512_roundscale_ps((__m512)x, 8), r = x - whole;
    vf y = 1 + r * (0.69314718f + r * (0.24022651f + r * (5.5504109e-2f + r * 9.6181291e-3f)));
    x = (vf)_mm512_scalef_ps((__m512)y, (__m512)whole);
    sum += x;
    NAMED(units)(shares + j / UNIT, x);
  }
  return 1 / NAMED(total)(sum);
}

/* `count` queries of a head over all frames; writes rows of `out`, `inner` apart. */
INLINE void NAMED(attend)(const int count, const int vectors, int frames, const uint32_t *query, const uint32_t *keys, const uint32_t *values,
                          const desk *d, float *out, size_t inner) {
  const size_t most = padded((size_t)frames, WIDE);
  const int units = vectors * WIDE / UNIT;
  __m512 top0, top1, top2, top3, top4, top5;
  float inverse0, inverse1, inverse2, inverse3, inverse4, inverse5;
#define HAVE(m, v) vf sum##m##v;
  FOR_BOTH(HAVE)
#define START(m, _) if (m < count) top##m = _mm512_set1_ps(LOWEST);
#define NOTHING(m, v) if (m < count) sum##m##v = NAMED(all)(0);
#define SCORE(m, v) if (m < count) sum##m##v = NAMED(more)(sum##m##v, query[m * units + k], keys + (size_t)k * PANEL + v * WIDE);
#define KEEP(m, v) if (m < count) top##m = NAMED(keep)(top##m, sum##m##v, frames - (int)j - v * WIDE, d->scores + m * most + j + v * WIDE);
  FOR_ROWS(START, 0)
  size_t j = 0;
  for (; j + PANEL <= most; j += PANEL, keys += (size_t)units * PANEL) {
    FOR_BOTH(NOTHING)
    for (int k = 0; k < units; k++) { FOR_BOTH(SCORE) }
    FOR_BOTH(KEEP)
  }
  for (; j < most; j += WIDE, keys += WIDE) { /* of the last panel those vectors that are there */
    FOR_ROWS(NOTHING, 0)
    for (int k = 0; k < units; k++) { FOR_ROWS(SCORE, 0) }
    FOR_ROWS(KEEP, 0)
  }
#define SHARE(m, _) if (m < count) inverse##m = NAMED(share)(most, _mm512_reduce_max_ps(top##m), d->scores + m * most, d->shares + m * most / UNIT);
  FOR_ROWS(SHARE, 0)
  const int last = (frames + UNIT - 1) / UNIT;
  const size_t row = most / UNIT;
#define MIX(m, v) if (m < count && v < vectors) sum##m##v = NAMED(more)(sum##m##v, d->shares[m * row + j], values + v * WIDE);
#define SAY(m, v) if (m < count && v < vectors) *(vf *)(out + m * inner + v * WIDE) = sum##m##v * inverse##m;
  FOR_BOTH(NOTHING)
  for (int j = 0; j < last; j++, values += vectors * WIDE) { FOR_BOTH(MIX) }
  FOR_BOTH(SAY)
#undef HAVE
#undef START
#undef NOTHING
#undef SCORE
#undef KEEP
#undef SHARE
#undef MIX
#undef SAY
}

static void NAMED(attend_all)(const flow *f, const int vectors, int frames, const desk *d) {
  const size_t most = padded((size_t)frames, PANEL), inner = (size_t)f->inner, units = (size_t)vectors * WIDE / UNIT;
  for (size_t h = 0; h < inner / (vectors * WIDE); h++) {
    const uint32_t *query = d->query + h * most * units, *keys = d->key + h * most * units, *values = d->value + h * most / UNIT * vectors * WIDE;
    float *out = d->heads + h * vectors * WIDE;
    int t = 0;
#define QUERIES(count, vectors) NAMED(attend)(count, vectors, frames, query + t *units, keys, values, d, out + t *inner, inner)
#define HEADS(vectors)                                           \
  for (; t + ROWS <= frames; t += ROWS) QUERIES(ROWS, vectors);  \
  for (; t < frames; t++) QUERIES(1, vectors);
    switch (vectors) {
      case 1: HEADS(1) break;
      case 2: HEADS(2) break;
      case 3: HEADS(3) break;
      default: HEADS(4)
    }
#undef HEADS
#undef QUERIES
  }
}

/* x [frames, channels], in place. */
static void NAMED(transform)(const flow *f, const transformer *t, int frames, float *x, const desk *d) {
  const size_t most = padded((size_t)frames, PANEL), channels = (size_t)f->channels, inner = (size_t)f->inner;
  SLABS(frames, from, count) {
    NAMED(lay_normalised)(&t->qkv, &t->before[0], count, x + from * channels, d);
    NAMED(set)(&t->qkv, count, d, d->hidden, 3 * inner);
    NAMED(lay_heads)(f, most, from, count, d->hidden, d);
  }
  NAMED(attend_all)(f, f->head / WIDE, frames, d);
  SLABS(frames, from, count) {
    float *here = x + from * channels;
    NAMED(lay)(&t->out, count, d->heads + from * inner, inner, d);
    NAMED(add)(&t->out, count, d, here, channels);
    NAMED(lay_normalised)(&t->up, &t->before[1], count, here, d);
    NAMED(activate)(&t->up, count, d, d->hidden, (size_t)f->hidden);
    NAMED(lay)(&t->down, count, d->hidden, (size_t)f->hidden, d);
    NAMED(add)(&t->down, count, d, here, channels);
  }
}

/* A stage of x [frames, inputs], with rows of zeros around it; `y` and `z` [frames, channels] have such rows too. The result is y. */
static void NAMED(stage)(const flow *f, int index, int frames, const float *x, size_t inputs, const float *time, const desk *d, float *y, float *z) {
  const stage *s = &f->stage[index];
  const size_t channels = (size_t)f->channels;
  NAMED(multiply)(&s->first, frames, x - inputs, inputs, d, z, channels, SET);
  NAMED(group_norm)(&s->norm[0], frames, f->channels, z, time + (size_t)index * channels, y);
  bound(y, (size_t)frames, channels);
  NAMED(multiply)(&s->second, frames, y - channels, channels, d, z, channels, SET);
  NAMED(group_norm)(&s->norm[1], frames, f->channels, z, NULL, y);
  NAMED(multiply)(&s->straight, frames, x, inputs, d, y, channels, ADD);
  for (int i = 0; i < f->blocks; i++) NAMED(transform)(f, &s->block[i], frames, y, d);
  bound(y, (size_t)frames, channels);
}

/* One beside the other: y [frames, 2 channels], with rows of zeros around it. */
static void NAMED(join)(size_t frames, size_t channels, const float *one, const float *two, float *y) {
  bound(y, frames, 2 * channels);
  for (size_t t = 0; t < frames; t++) {
    memcpy(y + t * 2 * channels, one + t * channels, channels * 4);
    memcpy(y + (2 * t + 1) * channels, two + t * channels, channels * 4);
  }
}

/* `given` [frames, 4 MELS] and `parts` [frames, channels], four of them, have a row of zeros and more on either side. */
static void NAMED(run)(const flow *f, int frames, float *given, float *const *parts, const float *time, const desk *d, float *velocity) {
  const size_t C = (size_t)f->channels;
  const int half = (frames + 1) / 2, last = f->stages - 1;
  float *x = parts[0] + 2 * C, *y = parts[1] + 2 * C, *skip = parts[2] + 2 * C, *skip_half = parts[3] + 2 * C;
  float *wide = given - 2 * 4 * MELS + 4 * C; /* its place is free once the first stage is done */
  NAMED(stage)(f, 0, frames, given, 4 * MELS, time, d, skip, y);
  NAMED(multiply)(&f->halve, half, skip - C, 2 * C, d, x, C, SET);
  bound(x, (size_t)half, C);
  NAMED(stage)(f, 1, half, x, C, time, d, skip_half, y);
  NAMED(multiply)(&f->same, half, skip_half - C, C, d, x, C, SET);
  bound(x, (size_t)half, C);
  float *from = x, *to = wide;
  for (int i = 2; i < last - 1; i++) {
    NAMED(stage)(f, i, half, from, C, time, d, to, y);
    float *other = from;
    from = to, to = other;
  }
  if (from == wide) memcpy(x, wide, (size_t)half * C * 4);
  NAMED(join)((size_t)half, C, x, skip_half, wide);
  NAMED(stage)(f, last - 1, half, wide, 2 * C, time, d, x, y);
  NAMED(multiply)(&f->twice, half, x - C, C, d, y, 2 * C, SET); /* an output row is two frames */
  NAMED(join)((size_t)frames, C, y, skip, wide);
  NAMED(stage)(f, last, frames, wide, 2 * C, time, d, x, y);
  NAMED(multiply)(&f->last, frames, x - C, C, d, skip, C, SET);
  bound(skip, (size_t)frames, C);
  NAMED(multiply)(&f->end, frames, skip - C, C, d, y, C, SET);
  NAMED(group_norm)(&f->end_norm, frames, f->channels, y, NULL, x);
  for (int t = 0; t < frames; t++)
    for (int n = 0; n < MELS; n += WIDE) {
      vf sum = NAMED(load)(f->velocity_bias + n);
      for (size_t k = 0; k < C; k++) sum += x[t * C + k] * NAMED(load)(f->velocity + k * MELS + n);
      *(vf *)(velocity + (size_t)t * MELS + n) = sum;
    }
}
#undef SLABS
#undef UNIT
#undef FOR_ROWS
#undef FOR_SIDE
#undef FOR_BOTH
#undef FOR_SIDE_OF
#undef INLINE
