/**
 * IEEE 754 binary16 and bfloat16. JavaScript of Node 20 has neither; decoding goes through a table of all 65,536 halves,
 * which lies in the second-level cache and costs about a nanosecond a value.
 */

let table: Float32Array | undefined;

/** Every half by its bits: sign, 5 bits of exponent (bias 15), 10 bits of fraction. */
function halves(): Float32Array {
  if (table) return table;
  const values = new Float32Array(1 << 16);
  for (let bits = 0; bits < 1 << 15; bits++) {
    const exponent = bits >> 10;
    const fraction = bits & 0x3ff;
    let value: number;
    if (exponent === 0) value = fraction * 2 ** -24;
    else if (exponent === 31) value = fraction === 0 ? Infinity : NaN;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    values[bits] = value;
    values[bits | 0x8000] = -value;
  }
  return (table = values);
}

/** float16 bits → float32 values, exactly. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const lookup = halves();
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = lookup[bits[i]!]!;
  return values;
}

/** bfloat16 bits → float32 values, exactly: a bfloat16 is the upper half of a float32. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}

/** float32 values → float16 bits, rounded to nearest, ties to even; beyond ±65504 becomes infinite as in IEEE 754. */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const sign = (words[i]! >>> 16) & 0x8000;
    const magnitude = words[i]! & 0x7fffffff;
    bits[i] = sign | (magnitude < 0x38800000 ? subnormalBits(Math.abs(values[i]!)) : normalBits(magnitude));
  }
  return bits;
}

/** Below 2⁻¹⁴ a half counts multiples of 2⁻²⁴; 1024 of them are the smallest normal half, whose bits are 1024. */
function subnormalBits(value: number): number {
  const multiples = value * 2 ** 24;
  const below = Math.floor(multiples);
  const rest = multiples - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** Drops 13 of the 23 bits of fraction; a carry runs into the exponent, as it should. */
function normalBits(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00;
  if (magnitude >= 0x477ff000) return 0x7c00;
  return (magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13;
}
