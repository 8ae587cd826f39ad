// What low-rank branches of layers that read the same rows add to these (packages/backbone-clip/src/fast/tuned/low-rank.ts composes it
// otherwise): low = dropout(x) · downᵀ of x = standard ∘ scale + shift, each branch with a mask of its own, none of which is stored.
#pragma once
#include <vector>

#include "lanes.h"

typedef uint32_t Words __attribute__((vector_size(64)));

// The mask of `dropout` in @promptweave/core: a hash of key, row number and column.
struct Dropout {
  const int32_t *ids, *keys;
  int64_t limit;  // of 65536 values of a random number, those that drop

  template <class Word>
  static INLINE Word mixed(Word hash) {
    hash ^= hash >> 16;
    hash *= 0x85ebca6bu;
    hash ^= hash >> 13;
    hash *= 0xc2b2ae35u;
    return hash ^ (hash >> 16);
  }

  INLINE uint32_t seed(int64_t row, int64_t branch) const {
    const uint32_t of_row = static_cast<uint32_t>(ids[row]) * 0x9e3779b1u;
    return mixed(static_cast<uint32_t>(keys[branch]) ^ of_row) + 0x85ebca6bu;
  }

  // Factors of the next 16 columns from an even one on.
  INLINE Floats factors(uint32_t seed, int64_t column) const {
    if (limit == 0) return all(1.0f);
    const Words pairs = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}, halves = {0, 16, 0, 16, 0, 16, 0, 16, 0, 16, 0, 16, 0, 16, 0, 16};
    const Words hash = mixed((pairs + static_cast<uint32_t>(column / 2)) * (2 * 0x85ebca6bu) + seed);
    const Words drawn = (hash >> halves) & 0xffffu;
    const Floats stays = all(65536.0f / (65536 - limit));
    return drawn >= static_cast<uint32_t>(limit) ? stays : Floats{};
  }
};

// Rows x̂ ∘ scale + shift, and the branches that read them: `down` is [branches · rank, width].
struct LowRankRows {
  const float *standard, *scale, *shift, *down;
  Dropout dropout;
  int64_t width, branches, rank;

  INLINE Floats read(int64_t row, int64_t i) const {
    const int64_t left = width - i;
    return load(standard + row * width + i, left) * load(scale + i, left) + load(shift + i, left);
  }
  INLINE const float* down_of(int64_t branch, int64_t k) const { return down + (branch * rank + k) * width; }
};

// low, [N, branches · rank].
struct LowRankDown {
  LowRankRows of;
  float* low;

  INLINE void rows(int64_t begin, int64_t end) const {
    std::vector<float> seen(of.width);
    for (int64_t row = begin; row < end; row++) {
      for (int64_t branch = 0; branch < of.branches; branch++) seen_by(row, branch, seen.data());
    }
  }

  INLINE void seen_by(int64_t row, int64_t branch, float* seen) const {
    const uint32_t seed = of.dropout.seed(row, branch);
    for (int64_t i = 0; i < of.width; i += LANES) store(seen + i, of.read(row, i) * of.dropout.factors(seed, i), of.width - i);
    for (int64_t k = 0; k < of.rank; k++) {
      const float* down = of.down_of(branch, k);
      Floats products = {};
      for (int64_t i = 0; i < of.width; i += LANES) products += load(seen + i, of.width - i) * load(down + i, of.width - i);
      low[(row * of.branches + branch) * of.rank + k] = sum(products);
    }
  }
};

// From d_low, the gradient of low: d = d_layer + what comes back to standard, with the mean of every row taken off, and the sums of
// d_lowᵀ · dropout(x) over CHUNK rows each, [chunks, branches · rank, width]. Its rows are the chunks, so that threads change no bit.
struct LowRankBackward {
  static constexpr int64_t CHUNK = 128;
  LowRankDown forward;  // low again
  const float *d_low, *d_layer;
  float *d, *d_down;
  int64_t count;
  bool follows;

  INLINE void rows(int64_t begin, int64_t end) const {
    const LowRankRows& of = forward.of;
    std::vector<float> seen(of.width), back(of.width);
    for (int64_t chunk = begin; chunk < end; chunk++) {
      float* sums = d_down + chunk * of.branches * of.rank * of.width;
      std::memset(sums, 0, of.branches * of.rank * of.width * sizeof(float));
      const int64_t last = (chunk + 1) * CHUNK < count ? (chunk + 1) * CHUNK : count;
      for (int64_t row = chunk * CHUNK; row < last; row++) {
        std::fill(back.begin(), back.end(), 0.0f);
        for (int64_t branch = 0; branch < of.branches; branch++) {
          forward.seen_by(row, branch, seen.data());
          add_branch(row, branch, seen.data(), back.data(), sums + branch * of.rank * of.width);
        }
        finish(row, back.data());
      }
    }
  }

  INLINE void add_branch(int64_t row, int64_t branch, const float* seen, float* back, float* sums) const {
    const LowRankRows& of = forward.of;
    const float* gradient = d_low + (row * of.branches + branch) * of.rank;
    const uint32_t seed = of.dropout.seed(row, branch);
    for (int64_t i = 0; i < of.width; i += LANES) {
      const int64_t left = of.width - i;
      const Floats x = load(seen + i, left);
      Floats total = {};
      for (int64_t k = 0; k < of.rank; k++) {
        float* sum_of = sums + k * of.width + i;
        store(sum_of, load(sum_of, left) + x * gradient[k], left);
        total += load(of.down_of(branch, k) + i, left) * gradient[k];
      }
      if (follows) store(back + i, load(back + i, left) + total * of.dropout.factors(seed, i), left);
    }
  }

  INLINE void finish(int64_t row, const float* back) const {
    const LowRankRows& of = forward.of;
    const int64_t at = row * of.width;
    Floats totals = {};
    for (int64_t i = 0; i < of.width; i += LANES) {
      const int64_t left = of.width - i;
      const Floats value = load(d_layer + at + i, left) + load(back + i, left) * load(of.scale + i, left);
      totals += value;
      store(d + at + i, value, left);
    }
    const float mean = sum(totals) / of.width;
    for (int64_t i = 0; i < of.width; i += LANES) store(d + at + i, load(d + at + i, of.width - i) - mean, of.width - i);
  }
};

// The chunks' sums, added in their order; its rows are those of down.
struct SumOfChunks {
  const float* chunks;
  float* total;
  int64_t count, size, width;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t at = begin * width; at < end * width; at += LANES) {
      const int64_t left = end * width - at;
      Floats sums = {};
      for (int64_t chunk = 0; chunk < count; chunk++) sums += load(chunks + chunk * size + at, left);
      store(total + at, sums, left);
    }
  }
};

// total = y + low · up; up is [ranks, width].
struct AddLowRank {
  const float *y, *low, *up;
  float* total;
  int64_t width, ranks;

  INLINE void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t i = 0; i < width; i += LANES) {
        const int64_t left = width - i;
        Floats value = load(y + row * width + i, left);
        for (int64_t k = 0; k < ranks; k++) value += load(up + k * width + i, left) * low[row * ranks + k];
        store(total + row * width + i, value, left);
      }
    }
  }
};
