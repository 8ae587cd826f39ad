// Attention on bfloat16 operands, summed in float32, its softmax in float32: one head of one sequence after the other, in a core's second cache.
#pragma once
#include "bfloat16.h"
#include "call.h"
#include "passes.h"

#ifdef PROMPTWEAVE_BFLOAT16
// Tiles of a matrix, as the left or the right operand of a product. Turned, each of them belongs to its transpose on the other side.
struct Operand {
  Bf16* tiles;
  int64_t rows, columns;

  int64_t count() const { return 2 * blocks(rows) * blocks(columns); }

  Operand left(const float* x) const {
    PackRows{x, {tiles, rows, columns, blocks(columns)}}(0, 2 * blocks(rows));
    return *this;
  }
  Operand right(const float* x) const {
    PackWeight{x, rows, columns, tiles}(0, 2 * blocks(columns));
    return *this;
  }
  WITH_BF16 Operand turned() const {
    for (int64_t i = 0; i < count(); i++) {
      __m512i words[16];
      for (int row = 0; row < 16; row++) words[row] = _mm512_load_si512(tiles + i * TILE + row * BLOCK);
      transpose_words(words);
      for (int row = 0; row < 16; row++) _mm512_store_si512(tiles + i * TILE + row * BLOCK, words[row]);
    }
    return {tiles, columns, rows};
  }
};

inline void multiply(const Operand& left, const Operand& right, float* y) {
  const int64_t steps = blocks(left.columns);
  for (int64_t column = 0; column < right.columns; column += BLOCK) {
    const Bf16* beside = right.tiles + column / 16 * steps * TILE;
    for (int64_t row = 0; row < left.rows; row += BLOCK) {
      const Bf16* above = left.tiles + row / 16 * steps * TILE;
      block({above, above + steps * TILE, beside, beside + steps * TILE, steps},
            {y + row * right.columns + column, right.columns, left.rows - row, right.columns - column, false});
    }
  }
}

// Rows of queries, keys and values of one head of one sequence.
struct AttentionShape {
  int64_t queries, keys, depth;

  int64_t scores() const { return queries * keys; }
  // At least of the two operands of each product.
  int64_t tiles() const { return 2 * (blocks(queries) * blocks(keys) + (blocks(queries) + blocks(keys)) * blocks(depth)); }
};

// weights = softmax(q kᵀ + mask), mixed = weights · v; the mask, if there is one, begins anew after `mask_rows` rows. Its rows are the heads of
// all sequences.
struct Attention {
  AttentionShape of;
  const float *q, *k, *v, *mask;
  float *weights, *mixed;
  int64_t mask_rows;

  void operator()(int64_t begin, int64_t end) const {
    const auto [queries, keys, depth] = of;
    const Tiles configured;
    Bf16* space = scratch(1, of.tiles() * TILE);
    for (int64_t i = begin; i < end; i++) {
      float* own = weights + i * of.scores();
      const Operand scaled = Operand{space, queries, depth}.left(q + i * queries * depth);
      multiply(scaled, Operand{space + scaled.count() * TILE, keys, depth}.left(k + i * keys * depth).turned(), own);
      const float* unseen = mask ? mask + i * queries % mask_rows * keys : nullptr;
      Compiled<Softmax>::avx512({own, unseen, own, keys, queries}, 0, queries);
      const Operand shares = Operand{space, queries, keys}.left(own);
      multiply(shares, Operand{space + shares.count() * TILE, keys, depth}.right(v + i * keys * depth), mixed + i * queries * depth);
    }
  }
};

// Gradients of `mixed` with respect to q, k and v.
struct AttentionBackward {
  AttentionShape of;
  const float *d, *weights, *q, *k, *v;
  float *dq, *dk, *dv;

  void operator()(int64_t begin, int64_t end) const {
    const auto [queries, keys, depth] = of;
    const Tiles configured;
    Bf16* space = scratch(1, of.tiles() * TILE + 2 * of.scores());
    float* scores = reinterpret_cast<float*>(space + of.tiles() * TILE);
    for (int64_t i = begin; i < end; i++) {
      const int64_t query = i * queries * depth, key = i * keys * depth;
      const float* own = weights + i * of.scores();
      const Operand first = Operand{space, queries, depth}.left(d + query);
      multiply(first, Operand{space + first.count() * TILE, keys, depth}.left(v + key).turned(), scores);
      Compiled<SoftmaxBackward>::avx512({scores, own, scores, keys}, 0, queries);
      const Operand rows = Operand{space, queries, keys}.left(scores);
      Bf16* beside = space + rows.count() * TILE;
      multiply(rows, Operand{beside, keys, depth}.right(k + key), dq + query);
      multiply(Operand{space, queries, keys}.right(scores).turned(), Operand{beside, queries, depth}.right(q + query), dk + key);
      multiply(Operand{space, queries, keys}.right(own).turned(), Operand{beside, queries, depth}.right(d + query), dv + key);
    }
  }
};
#endif
