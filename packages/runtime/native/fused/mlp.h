// An MLP's two products on bfloat16 operands, forward or backward. What stands between them is computed block by block, in float32, and goes from
// one to the other in bfloat16: hidden rows are neither written nor read in float32.
#pragma once
#include <type_traits>

#include "bfloat16.h"
#include "passes.h"

#ifdef PROMPTWEAVE_BFLOAT16
// SiLU of the first product + bias.
struct HiddenForward {
  const float* bias;
  float* slope;  // its derivative, or null
  int64_t width;

  INLINE Floats operator()(Floats product, int64_t row, int64_t column, int64_t left) const {
    Floats gradient;
    const Floats value = silu(product + load(bias + column, left), &gradient);
    if (slope) store(slope + row * width + column, gradient, left);
    return value;
  }
};

// Its gradient, from that of the value.
struct HiddenBackward {
  const float* slope;
  int64_t width;

  INLINE Floats operator()(Floats d, int64_t row, int64_t column, int64_t left) const { return d * load(slope + row * width + column, left); }
};

// A block of hidden rows to tiles.
template <class Between>
struct ToHidden {
  const Between& between;
  const RowTiles& hidden;

  WITH_BF16 void operator()(const float* product, int64_t row_block, int64_t panel) const {
    for (int64_t r = 0; r < BLOCK; r++) {
      const int64_t row = row_block * BLOCK + r;
      Floats halves[2];
      for (int64_t side = 0; side < 2; side++) {
        const int64_t column = panel * BLOCK + side * LANES, left = hidden.columns - column;
        halves[side] = load(product + r * BLOCK + side * LANES, LANES);
        if (row < hidden.rows && left > 0) halves[side] = between(halves[side], row, column, left);
      }
      Bf16* to = hidden.tile(row / 16, panel / hidden.deep, panel % hidden.deep) + row % 16 * BLOCK;
      _mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh((__m512)halves[1], (__m512)halves[0]));
    }
  }
};

// y = between(x · first) · second; x [rows, first.inner()], y [rows, second.outer()]. `between_from` is given the first of some rows.
template <class BetweenFrom>
void mlp(const float* x, int64_t rows, const Factor& first, const Factor& second, const BetweenFrom& between_from, float* y) {
  for (int64_t row = 0; row < rows; row += ROWS) {
    const int64_t count = std::min(ROWS, rows - row), width = first.outer();
    const RowTiles read = packed(x + row * first.inner(), count, first.inner(), blocks(first.inner()));
    const RowTiles hidden{scratch(2, RowTiles::size(count, width)), count, width, DEEP};
    const auto between = between_from(row * width);
    const ToHidden<std::remove_cv_t<decltype(between)>> to_hidden{between, hidden};
    each_block(read, 0, first, [&](const Operands& of, int64_t i, int64_t panel) {
      alignas(64) float product[BLOCK * BLOCK];
      whole_block(of, product, BLOCK, false);
      to_hidden(product, i, panel);
    });
    multiply(hidden, second, y + row * second.outer());
  }
}
#endif
