// Sixteen floats at a time, by the vector types of GCC and Clang: one register of AVX-512, two of AVX2, four of SSE or NEON.
#pragma once
#include <cstdint>
#include <cstring>

#define INLINE inline __attribute__((always_inline))

constexpr int64_t LANES = 16;
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef float Unaligned __attribute__((vector_size(64), aligned(4), may_alias));

INLINE Floats all(float value) { return value - Floats{}; }

// The next 16 floats; where only `count` are left those, and `rest` in the other lanes.
INLINE Floats load(const float* from, int64_t count, float rest = 0) {
  if (count >= LANES) return *reinterpret_cast<const Unaligned*>(from);
  Floats lanes = all(rest);
  std::memcpy(&lanes, from, count * sizeof(float));
  return lanes;
}

INLINE void store(float* to, Floats lanes, int64_t count) {
  if (count >= LANES) {
    *reinterpret_cast<Unaligned*>(to) = lanes;
  } else {
    std::memcpy(to, &lanes, count * sizeof(float));
  }
}

INLINE float sum(Floats lanes) {
  float total = 0;
  for (int i = 0; i < LANES; i++) total += lanes[i];
  return total;
}

INLINE float largest(Floats lanes) {
  float most = lanes[0];
  for (int i = 1; i < LANES; i++) most = lanes[i] > most ? lanes[i] : most;
  return most;
}

// eˣ = 2ⁿ p(x − n ln 2) to two units in the last place, n the integer next to x / ln 2, p the polynomial of the Cephes library's expf.
INLINE Floats exponential(Floats x) {
  const Floats lowest = all(-87.0f), highest = all(88.0f), rounder = all(12582912.0f);  // 1.5 · 2²³
  x = x < lowest ? lowest : x;
  x = x > highest ? highest : x;
  const Floats shifted = x * 1.44269504f + rounder;
  const Floats n = shifted - rounder;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return p * (Floats)(((Ints)shifted - (Ints)rounder + 127) << 23);
}
