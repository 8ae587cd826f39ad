// One pass over memory each: `rows(begin, end)` computes some of the rows, as packages/backbone-clip/src/fast composes them.
#pragma once
#include <cmath>

#include "lanes.h"

// total = x + product + bias; all rows of `width` numbers, the bias one.
struct AddProduct {
  const float *x, *product, *bias;
  float* total;
  int64_t width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t at = begin * width; at < end * width; at += width) {
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        const Floats added = load(product + at + i, left) + load(bias + i, left);
        store(total + at + i, load(x + at + i, left) + added, left);
      }
    }
  }
};

// standard = (x − mean) · reciprocal, reciprocal = 1 / √(variance + ε).
struct Standardise {
  const float* x;
  float *standard, *reciprocal;
  int64_t width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * width;
      Floats total = {};
      for (int64_t i = 0; i < width; i += LANES) total += load(x + at + i, width - i);
      const float mean = sum(total) / width;
      Floats squares = {};
      for (int64_t i = 0; i < width; i += LANES) {
        const Floats centred = load(x + at + i, width - i, mean) - mean;
        squares += centred * centred;
      }
      const float scale = 1 / std::sqrt(sum(squares) / width + 1e-5f);
      for (int64_t i = 0; i < width; i += LANES) {
        store(standard + at + i, (load(x + at + i, width - i) - mean) * scale, width - i);
      }
      reciprocal[row] = scale;
    }
  }
};

// Both, row by row.
struct StandardiseSum {
  AddProduct add;
  Standardise standardise;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; row++) {
      add.rows(row, row + 1);
      standardise.rows(row, row + 1);
    }
  }
};

// dx = residual + reciprocal · (d − standard · mean(d · standard)), for d of mean 0.
struct StandardiseBackward {
  const float *residual, *d, *standard, *reciprocal;
  float* dx;
  int64_t width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * width;
      Floats products = {};
      for (int64_t i = 0; i < width; i += LANES) {
        products += load(d + at + i, width - i) * load(standard + at + i, width - i);
      }
      const float along = sum(products) / width;
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        const Floats across = load(d + at + i, left) - load(standard + at + i, left) * along;
        store(dx + at + i, load(residual + at + i, left) + across * reciprocal[row], left);
      }
    }
  }
};

// z σ(z), and its derivative σ + z σ (1 − σ).
INLINE Floats silu(Floats z, Floats* slope) {
  const Floats gate = 1.0f / (1.0f + exponential(-z));
  const Floats value = z * gate;
  *slope = gate + value * (1.0f - gate);
  return value;
}

// SiLU of z = product + bias; the slope unless it is null.
struct Silu {
  const float *product, *bias;
  float *value, *slope;
  int64_t width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t at = begin * width; at < end * width; at += width) {
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        Floats gradient;
        store(value + at + i, silu(load(product + at + i, left) + load(bias + i, left), &gradient), left);
        if (slope) store(slope + at + i, gradient, left);
      }
    }
  }
};

// weights = softmax(scores + mask); the mask, if there is one, begins anew after `mask_rows` rows.
struct Softmax {
  const float *scores, *mask;
  float* weights;
  int64_t width, mask_rows;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; row++) {
      const float* from = scores + row * width;
      const float* unseen = mask ? mask + row % mask_rows * width : nullptr;
      float* to = weights + row * width;
      Floats most = all(-INFINITY);
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        Floats score = load(from + i, left, -INFINITY);
        if (unseen) score += load(unseen + i, left);
        most = score > most ? score : most;
        store(to + i, score, left);
      }
      const float highest = largest(most);
      Floats total = {};
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        store(to + i, exponential(load(to + i, left) - highest), left);
        total += load(to + i, left);
      }
      const float scale = 1 / sum(total);
      for (int64_t i = 0; i < width; i += LANES) store(to + i, load(to + i, width - i) * scale, width - i);
    }
  }
};

// scores = weights · (d − Σ d · weights).
struct SoftmaxBackward {
  const float *d, *weights;
  float* scores;
  int64_t width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t at = begin * width; at < end * width; at += width) {
      Floats products = {};
      for (int64_t i = 0; i < width; i += LANES) {
        products += load(d + at + i, width - i) * load(weights + at + i, width - i);
      }
      const float along = sum(products);
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        store(scores + at + i, load(weights + at + i, left) * (load(d + at + i, left) - along), left);
      }
    }
  }
};

// Queries, keys or values of a group of sequences, [heads, count, prefix + length, depth], and the same numbers packed: `column` of the
// packed matrix is their first, the group's own rows begin at `start`, those of the prefix at 0.
struct Heads {
  int64_t heads, count, length, prefix, depth;
  int64_t width, column, start;

  INLINE int64_t split(int64_t head, int64_t sequence, int64_t place) const {
    return ((head * count + sequence) * (prefix + length) + place) * depth;
  }
  INLINE int64_t packed(int64_t head, int64_t sequence, int64_t place) const {
    const int64_t row = place < prefix ? place : start + sequence * length + place - prefix;
    return row * width + column + head * depth;
  }
};

// Packed rows to heads, bias (of the whole width, or null) added; the prefix stands before each sequence. Its rows are the sequences.
struct SplitHeads {
  const float *packed, *bias;
  float* split;
  Heads of;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t c = begin; c < end; c++) {
      for (int64_t place = 0; place < of.prefix + of.length; place++) {
        for (int64_t h = 0; h < of.heads; h++) {
          const float* from = packed + of.packed(h, c, place);
          const float* added = bias ? bias + of.column + h * of.depth : nullptr;
          float* to = split + of.split(h, c, place);
          for (int64_t i = 0; i < of.depth; i += LANES) {
            const int64_t left = of.depth - i;
            store(to + i, added ? load(from + i, left) + load(added + i, left) : load(from + i, left), left);
          }
        }
      }
    }
  }
};

// Heads to the group's own packed rows. Its rows are the sequences.
struct MergeOwn {
  const float* split;
  float* packed;
  Heads of;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t c = begin; c < end; c++) {
      for (int64_t place = of.prefix; place < of.prefix + of.length; place++) {
        for (int64_t h = 0; h < of.heads; h++) {
          const float* from = split + of.split(h, c, place);
          float* to = packed + of.packed(h, c, place);
          for (int64_t i = 0; i < of.depth; i += LANES) store(to + i, load(from + i, of.depth - i), of.depth - i);
        }
      }
    }
  }
};

// What all sequences say of the prefix, added to its packed rows. Its rows are the heads.
struct MergePrefix {
  const float* split;
  float* packed;
  Heads of;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t h = begin; h < end; h++) {
      for (int64_t c = 0; c < of.count; c++) {
        for (int64_t place = 0; place < of.prefix; place++) {
          const float* from = split + of.split(h, c, place);
          float* to = packed + of.packed(h, c, place);
          for (int64_t i = 0; i < of.depth; i += LANES) {
            store(to + i, load(to + i, of.depth - i) + load(from + i, of.depth - i), of.depth - i);
          }
        }
      }
    }
  }
};
