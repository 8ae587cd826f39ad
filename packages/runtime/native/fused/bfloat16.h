// Products of float32 rows with a frozen weight on bfloat16 operands, summed in float32, by AMX or AVX512-BF16. oneDNN has such products,
// but TensorFlow hands out neither its functions nor an operation with a float32 result, and packs the weight anew in every call.
#pragma once
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "workers.h"

// Blocks of 32 × 32 numbers. A weight [K, N] is padded to whole ones and kept in tiles of 32 rows and 16 columns, tile by tile down the
// columns; in a tile stand pairs of rows, [16, 16, 2]: the order in which both instructions read it. Padding is 0.
constexpr int64_t BLOCK = 32, TILE = 512;
inline int64_t blocks(int64_t size) { return (size + BLOCK - 1) / BLOCK; }

enum class Bfloat16Unit { none, avx512, amx };

#if defined(__x86_64__) && defined(__linux__) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define PROMPTWEAVE_BFLOAT16 1
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WITH_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define WITH_AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))

// The best that ONEDNN_MAX_CPU_ISA allows, which limits TensorFlow's own products, too.
inline Bfloat16Unit allowed_unit() {
  const char* set = std::getenv("ONEDNN_MAX_CPU_ISA");
  std::string most = set ? set : "";
  std::transform(most.begin(), most.end(), most.begin(), [](unsigned char letter) { return std::tolower(letter); });
  for (const char* less : {"sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2", "avx512_core", "avx512_core_vnni"})
    if (most == less) return Bfloat16Unit::none;
  for (const char* less : {"avx512_core_bf16", "avx512_core_fp16", "avx10_1_512"})
    if (most == less) return Bfloat16Unit::avx512;
  return Bfloat16Unit::amx;
}

// The best that CPU, system and user allow.
inline Bfloat16Unit bfloat16_unit() {
  static const Bfloat16Unit unit = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")) return Bfloat16Unit::none;
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a >> 5 & 1)) return Bfloat16Unit::none;
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    constexpr int request = 0x1023, tiles = 18;  // ARCH_REQ_XCOMP_PERM: Linux lets a process use AMX that asks for it
    const Bfloat16Unit allowed = allowed_unit();
    const bool has = allowed == Bfloat16Unit::amx && (d >> 22 & 1) && (d >> 24 & 1);
    return has && syscall(SYS_arch_prctl, request, tiles) == 0 ? Bfloat16Unit::amx : std::min(allowed, Bfloat16Unit::avx512);
  }();
  return unit;
}

using Bf16 = uint16_t;

// A matrix [rows, columns] as tiles of 16 rows and 32 columns, [16, 32], 0 where there are none. They lie in pieces of `deep` tiles' columns, each
// [rows / 16, deep]: one that is read for every panel of a weight stays in a core's second cache.
struct RowTiles {
  Bf16* tiles;
  int64_t rows, columns, deep;

  static size_t size(int64_t rows, int64_t columns) { return 2 * blocks(rows) * blocks(columns) * TILE; }
  int64_t pieces() const { return (blocks(columns) + deep - 1) / deep; }
  // Tiles across a piece.
  int64_t steps(int64_t piece) const { return std::min(deep, blocks(columns) - piece * deep); }
  Bf16* tile(int64_t row_tile, int64_t piece, int64_t step) const {
    return tiles + (piece * deep * 2 * blocks(rows) + row_tile * steps(piece) + step) * TILE;
  }
};

// Rows of float32 to tiles. Its rows are those of tiles.
struct PackRows {
  const float* x;
  RowTiles to;

  WITH_BF16 void operator()(int64_t begin, int64_t end) const {
    for (int64_t row = begin * 16; row < end * 16; row++) {
      int64_t left = to.columns;
      const float* from = x + row * to.columns;
      for (int64_t piece = 0; piece < to.pieces(); piece++) {
        Bf16* tile = to.tile(row / 16, piece, 0) + row % 16 * BLOCK;
        for (int64_t step = 0; step < to.steps(piece); step++, tile += TILE, from += BLOCK, left -= BLOCK) {
          __m512 low = _mm512_setzero_ps(), high = low;
          if (row < to.rows) {
            low = left >= 16 ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps((1u << left) - 1, from);
            if (left >= 32) high = _mm512_loadu_ps(from + 16);
            else if (left > 16) high = _mm512_maskz_loadu_ps((1u << (left - 16)) - 1, from + 16);
          }
          _mm512_storeu_si512(tile, (__m512i)_mm512_cvtne2ps_pbh(high, low));
        }
      }
    }
  }
};

// A block of 32 × 32 numbers to two tiles.
WITH_BF16 inline void pack_block(const float* numbers, Bf16* above, Bf16* below) {
  for (int64_t row = 0; row < BLOCK; row++, numbers += BLOCK) {
    const __m512bh packed = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(numbers + 16), _mm512_loadu_ps(numbers));
    _mm512_storeu_si512((row < 16 ? above : below) + row % 16 * BLOCK, (__m512i)packed);
  }
}

// Of 16 × 16 words the columns as rows.
WITH_BF16 inline void transpose_words(__m512i* r) {
  __m512i t[16];
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; i++) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

// Two tiles of a weight, 32 rows and 2 · 16 columns, to the two tiles of its transpose.
WITH_BF16 inline void transpose_block(const Bf16* left, const Bf16* right, Bf16* low, Bf16* high) {
  alignas(64) static const uint16_t pairs[64] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
                                                 11, 43, 12, 44, 13, 45, 14, 46, 15, 47, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53,
                                                 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};
  const __m512i first = _mm512_load_si512(pairs), second = _mm512_load_si512(pairs + 32);
  for (int side = 0; side < 2; side++) {
    __m512i r[16];
    for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512((side ? right : left) + BLOCK * i);
    transpose_words(r);
    for (int i = 0; i < 8; i++) {
      _mm512_storeu_si512(low + (8 * side + i) * BLOCK, _mm512_permutex2var_epi16(r[2 * i], first, r[2 * i + 1]));
      _mm512_storeu_si512(high + (8 * side + i) * BLOCK, _mm512_permutex2var_epi16(r[2 * i], second, r[2 * i + 1]));
    }
  }
}

// A block of the product, 32 × 32: += where it goes on with what is there already.
struct Operands {
  const Bf16 *above, *below;  // 16 rows each, tile after tile
  const Bf16 *left, *right;   // 16 columns each
  int64_t steps;              // tiles
};

WITH_BF16 inline void block_avx512(const Operands& of, float* to, int64_t stride, bool goes_on) {
  for (int64_t row = 0; row < 32; row += 8) {
    const Bf16* from = (row < 16 ? of.above : of.below) + row % 16 * BLOCK;
    __m512 l[8], r[8];
    for (int i = 0; i < 8; i++) {
      l[i] = goes_on ? _mm512_loadu_ps(to + (row + i) * stride) : _mm512_setzero_ps();
      r[i] = goes_on ? _mm512_loadu_ps(to + (row + i) * stride + 16) : _mm512_setzero_ps();
    }
    for (int64_t k = 0; k < of.steps; k++) {
      for (int64_t pair = 0; pair < 16; pair++) {
        const __m512bh left = (__m512bh)_mm512_loadu_si512(of.left + k * TILE + pair * BLOCK);
        const __m512bh right = (__m512bh)_mm512_loadu_si512(of.right + k * TILE + pair * BLOCK);
        for (int i = 0; i < 8; i++) {
          int32_t both;
          std::memcpy(&both, from + k * TILE + i * BLOCK + 2 * pair, 4);
          const __m512bh x = (__m512bh)_mm512_set1_epi32(both);
          l[i] = _mm512_dpbf16_ps(l[i], x, left);
          r[i] = _mm512_dpbf16_ps(r[i], x, right);
        }
      }
    }
    for (int i = 0; i < 8; i++) {
      _mm512_storeu_ps(to + (row + i) * stride, l[i]);
      _mm512_storeu_ps(to + (row + i) * stride + 16, r[i]);
    }
  }
}

// GCC does not know that instructions of AMX read and write memory.
inline void written() { __asm__ volatile("" ::: "memory"); }

WITH_AMX inline void block_amx(const Operands& of, float* to, int64_t stride, bool goes_on) {
  const int64_t bytes = stride * sizeof(float);
  written();
  if (goes_on) {
    _tile_loadd(0, to, bytes);
    _tile_loadd(1, to + 16, bytes);
    _tile_loadd(2, to + 16 * stride, bytes);
    _tile_loadd(3, to + 16 * stride + 16, bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t k = 0; k < of.steps; k++) {
    _tile_loadd(4, of.above + k * TILE, 64);
    _tile_loadd(6, of.left + k * TILE, 64);
    _tile_loadd(7, of.right + k * TILE, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, of.below + k * TILE, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, to, bytes);
  _tile_stored(1, to + 16, bytes);
  _tile_stored(2, to + 16 * stride, bytes);
  _tile_stored(3, to + 16 * stride + 16, bytes);
  written();
}

// Eight tiles of 16 × 64 bytes for the calling thread, which gets back what it had: oneDNN trusts that nobody else sets them.
class Tiles {
 public:
  WITH_AMX Tiles() {
    if (bfloat16_unit() != Bfloat16Unit::amx) return;
    _tile_storeconfig(before_);
    alignas(64) uint8_t wanted[64] = {1};
    for (int i = 0; i < 8; i++) {
      wanted[16 + 2 * i] = 64;
      wanted[48 + i] = 16;
    }
    written();
    _tile_loadconfig(wanted);
  }
  WITH_AMX ~Tiles() {
    written();
    if (bfloat16_unit() == Bfloat16Unit::amx) _tile_loadconfig(before_);
  }

 private:
  alignas(64) uint8_t before_[64] = {};
};

// Where a block goes: of its rows and columns there may be fewer than 32.
struct Place {
  float* to;
  int64_t stride, rows, columns;
  bool goes_on;
};

inline void whole_block(const Operands& of, float* to, int64_t stride, bool goes_on) {
  bfloat16_unit() == Bfloat16Unit::amx ? block_amx(of, to, stride, goes_on) : block_avx512(of, to, stride, goes_on);
}

inline void block(const Operands& of, const Place& place) {
  const auto& [to, stride, rows, columns, goes_on] = place;
  if (rows >= BLOCK && columns >= BLOCK) return whole_block(of, to, stride, goes_on);
  alignas(64) float edge[BLOCK * BLOCK];
  const int64_t tall = std::min(BLOCK, rows), bytes = std::min(BLOCK, columns) * sizeof(float);
  if (goes_on) for (int64_t r = 0; r < tall; r++) std::memcpy(edge + r * BLOCK, to + r * stride, bytes);
  whole_block(of, edge, BLOCK, goes_on);
  for (int64_t r = 0; r < tall; r++) std::memcpy(to + r * stride, edge + r * BLOCK, bytes);
}

// A weight in tiles, or some of its columns: [K, N].
struct PackedWeight {
  const Bf16* tiles;
  int64_t rows, columns;

  const Bf16* tile(int64_t row_block, int64_t column_tile) const { return tiles + (column_tile * blocks(rows) + row_block) * TILE; }
};

// Where numbers are kept between the passes of a product, by each thread.
inline Bf16* scratch(int which, size_t count) {
  thread_local std::vector<Bf16> kept[3];
  if (kept[which].size() < count + 32) kept[which].resize(count + 32);
  return reinterpret_cast<Bf16*>((reinterpret_cast<uintptr_t>(kept[which].data()) + 63) / 64 * 64);
}

// A frozen weight as it is multiplied with, or its transpose.
struct Factor {
  PackedWeight weight;
  bool transposed;

  int64_t inner() const { return transposed ? weight.columns : weight.rows; }
  int64_t outer() const { return transposed ? weight.rows : weight.columns; }
};

// Has done(operands, row block, panel) called for all blocks of 32 × 32 numbers that a piece of rows gives with a weight.
template <class Done>
void each_block(const RowTiles& x, int64_t piece, const Factor& factor, const Done& done) {
  const auto& [weight, transposed] = factor;
  const int64_t steps = x.steps(piece), from = piece * x.deep, outer = factor.outer();
  Workers::divide(blocks(outer), x.rows * steps * outer * 2, [&](int64_t begin, int64_t end) {
    const Tiles configured;
    for (int64_t panel = begin; panel < end; panel++) {
      const Bf16 *left = weight.tile(from, 2 * panel), *right = weight.tile(from, 2 * panel + 1);
      if (transposed) {
        Bf16* turned = scratch(1, 2 * steps * TILE);
        for (int64_t k = 0; k < steps; k++) {
          const int64_t column = 2 * (from + k);
          transpose_block(weight.tile(panel, column), weight.tile(panel, column + 1), turned + k * TILE, turned + (steps + k) * TILE);
        }
        left = turned;
        right = turned + steps * TILE;
      }
      for (int64_t i = 0; i < blocks(x.rows); i++) done(Operands{x.tile(2 * i, piece, 0), x.tile(2 * i + 1, piece, 0), left, right, steps}, i, panel);
    }
  });
}

// So many rows at a time, in pieces of so many tiles.
constexpr int64_t ROWS = 1024, DEEP = 32;

inline RowTiles packed(const float* x, int64_t rows, int64_t columns, int64_t deep) {
  const RowTiles tiles{scratch(0, RowTiles::size(rows, columns)), rows, columns, deep};
  Workers::divide(2 * blocks(rows), rows * columns * 8, PackRows{x, tiles});
  return tiles;
}

// y = x · W or x · Wᵀ.
inline void multiply(const RowTiles& x, const Factor& factor, float* y) {
  const int64_t outer = factor.outer();
  for (int64_t piece = 0; piece < x.pieces(); piece++) {
    each_block(x, piece, factor, [&](const Operands& of, int64_t i, int64_t panel) {
      block(of, {y + i * BLOCK * outer + panel * BLOCK, outer, x.rows - i * BLOCK, outer - panel * BLOCK, piece > 0});
    });
  }
}

// The same of x [rows, inner] in float32; y [rows, outer].
inline void product(const float* x, int64_t rows, const Factor& factor, float* y) {
  for (int64_t row = 0; row < rows; row += ROWS) {
    const RowTiles tiles = packed(x + row * factor.inner(), std::min(ROWS, rows - row), factor.inner(), DEEP);
    multiply(tiles, factor, y + row * factor.outer());
  }
}

// W [K, N] of float32 to tiles. Its rows are the tiles of all columns.
struct PackWeight {
  const float* weight;
  int64_t rows, columns;
  Bf16* tiles;

  WITH_BF16 void operator()(int64_t begin, int64_t end) const {
    alignas(64) static const uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                   8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i pairs = _mm512_load_si512(order);
    for (int64_t c = begin; c < end; c++) {
      const int64_t left = std::min<int64_t>(std::max<int64_t>(columns - c * 16, 0), 16);
      const __mmask16 present = (1u << left) - 1;
      Bf16* to = tiles + c * blocks(rows) * TILE;
      for (int64_t row = 0; row < blocks(rows) * BLOCK; row += 2, to += BLOCK) {
        const float* from = weight + row * columns + c * 16;
        const __m512 first = row < rows ? _mm512_maskz_loadu_ps(present, from) : _mm512_setzero_ps();
        const __m512 second = row + 1 < rows ? _mm512_maskz_loadu_ps(present, from + columns) : _mm512_setzero_ps();
        _mm512_storeu_si512(to, _mm512_permutexvar_epi16(pairs, (__m512i)_mm512_cvtne2ps_pbh(second, first)));
      }
    }
  }
};
#else
inline Bfloat16Unit bfloat16_unit() { return Bfloat16Unit::none; }
#endif

// The reverse of packing: the numbers as they were rounded.
inline void unpack(const uint16_t* tiles, int64_t rows, int64_t columns, float* weight) {
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < columns; column++) {
      const int64_t tile = column / 16 * blocks(rows) + row / BLOCK;
      const uint32_t bits = uint32_t{tiles[tile * TILE + row % BLOCK / 2 * BLOCK + column % 16 * 2 + row % 2]} << 16;
      std::memcpy(weight + row * columns + column, &bits, sizeof(float));
    }
  }
}
