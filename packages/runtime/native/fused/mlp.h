// An MLP's two products on bfloat16 operands, forward or backward. What stands between them is computed block by block, in float32, and goes from
// one to the other in bfloat16: hidden rows are neither written nor read in float32.
#pragma once
#include "bfloat16.h"
#include "call.h"
#include "passes.h"

#ifdef PROMPTWEAVE_BFLOAT16
// A block of 32 × 32 numbers of hidden rows of `width`, from `row` and `column` on.
struct HiddenBlock {
  float* numbers;
  int64_t row, column, width;
};

// SiLU of the first product + bias; the slope, unless it is null.
struct HiddenForward {
  const float* bias;
  float* slope;
  HiddenBlock block;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t r = begin; r < end; r++) {
      for (int64_t i = 0; i < BLOCK && block.column + i < block.width; i += LANES) {
        const int64_t column = block.column + i, left = block.width - column;
        float* at = block.numbers + r * BLOCK + i;
        Floats gradient;
        store(at, silu(load(at, LANES) + load(bias + column, left), &gradient), LANES);
        if (slope) store(slope + (block.row + r) * block.width + column, gradient, left);
      }
    }
  }
};

// Its gradient, from that of the value.
struct HiddenBackward {
  const float* slope;
  HiddenBlock block;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t r = begin; r < end; r++) {
      for (int64_t i = 0; i < BLOCK && block.column + i < block.width; i += LANES) {
        float* at = block.numbers + r * BLOCK + i;
        const float* factor = slope + (block.row + r) * block.width + block.column + i;
        store(at, load(at, LANES) * load(factor, block.width - block.column - i), LANES);
      }
    }
  }
};

// y = between(x · first) · second; x [rows, first.inner()], y [rows, second.outer()]. `between` makes the pass over a block.
template <class Between>
void mlp(const float* x, int64_t rows, const Factor& first, const Factor& second, const Between& between, float* y) {
  for (int64_t row = 0; row < rows; row += ROWS) {
    const int64_t count = std::min(ROWS, rows - row), width = first.outer();
    const RowTiles read = packed(x + row * first.inner(), count, first.inner(), blocks(first.inner()));
    const RowTiles hidden{scratch(2, RowTiles::size(count, width)), count, width, DEEP};
    each_block(read, 0, first, [&](const Operands& of, int64_t i, int64_t panel) {
      alignas(64) float product[BLOCK * BLOCK];
      whole_block(of, product, BLOCK, false);
      const auto pass = between(HiddenBlock{product, row + i * BLOCK, panel * BLOCK, width});
      Compiled<std::decay_t<decltype(pass)>>::avx512(pass, 0, std::min(BLOCK, count - i * BLOCK));
      pack_block(product, hidden.tile(2 * i, panel / DEEP, panel % DEEP), hidden.tile(2 * i + 1, panel / DEEP, panel % DEEP));
    });
    multiply(hidden, second, y + row * second.outer());
  }
}
#endif
