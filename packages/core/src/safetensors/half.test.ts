import { describe, expect, it } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeFloat16 } from './half.js';

const every = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

describe('float16', () => {
  it('decodes the values that the standard gives as examples', () => {
    const bits = Uint16Array.of(0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00);
    const values = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, -2, 65504, Infinity, -Infinity];
    expect([...decodeFloat16(bits)]).toEqual(values);
    expect(decodeFloat16(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it('encodes each of the 65,536 values to its own bits', () => {
    const encoded = encodeFloat16(decodeFloat16(every));
    const isNaN16 = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    for (const bits of every) {
      if (isNaN16(bits)) expect(isNaN16(encoded[bits]!)).toBe(true);
      else if (encoded[bits] !== bits)
        expect.fail(`0x${bits.toString(16)} came back as 0x${encoded[bits]!.toString(16)}`);
    }
  });

  it('rounds to the nearest half, a tie to the even one, over the whole range', () => {
    const halves = decodeFloat16(every.subarray(0, 0x7c00));
    for (let i = 0; i + 1 < halves.length; i++) {
      const low = halves[i]!;
      const high = halves[i + 1]!;
      const middle = (low + high) / 2;
      const below = Math.max(low, middle - middle * 2 ** -22);
      const above = Math.min(high, middle + middle * 2 ** -22);
      const bits = [...encodeFloat16(Float32Array.of(below, middle, above))];
      const expected = [i, i % 2 === 0 ? i : i + 1, i + 1];
      if (bits.some((value, k) => value !== expected[k])) expect.fail(`between ${low} and ${high}: ${bits.join(', ')}`);
    }
  });

  it('overflows to infinity from half a step beyond the largest value on', () => {
    expect([...encodeFloat16(Float32Array.of(65519.99, 65520, -65520, 1e10))]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x7c00,
    ]);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32', () => {
    const values = decodeBfloat16(Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x0001, 0x7f80));
    expect([...values]).toEqual([1, -2, 3.140625, 2 ** -133, Infinity]);
  });
});
