/** One field of a message of protocol buffers: a number, or bytes. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * The fields of a message in their order (protobuf.dev/programming-guides/encoding). Integers beyond 2⁵³ lose their last digits.
 *
 * @throws RangeError where the bytes are cut off or are no message
 */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = view.getUint8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  };
  const next = (length: number): Uint8Array => {
    if (at + length > bytes.byteLength)
      throw new RangeError(`${length} bytes are announced, ${bytes.byteLength - at} are there`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.byteLength) {
    const key = varint();
    const number = Math.floor(key / 8);
    const kind = key % 8;
    if (kind === 0) yield { number, value: varint() };
    else if (kind === 1) yield { number, value: next(8) };
    else if (kind === 2) yield { number, value: next(varint()) };
    else if (kind === 5) yield { number, value: next(4) };
    else throw new RangeError(`a field of kind ${kind}`);
  }
}

/** The number that four bytes are, as IEEE 754. */
export function floatOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}
