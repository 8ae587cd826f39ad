import { crc32, deflateSync } from 'node:zlib';

/** An encoded PNG of soft shapes with grain, about as much work to decode as a photo; the same for the same numbers. */
export function testImage(width: number, height: number, variant: number): Buffer {
  const rows = Buffer.alloc(height * (1 + 3 * width)); // each row begins with its filter, 0
  let state = variant + 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const grain = state >>> 28; // 0…15
      const at = y * (1 + 3 * width) + 1 + 3 * x;
      rows[at] = (x >> 1) + grain;
      rows[at + 1] = (y >> 1) + grain;
      rows[at + 2] = ((x + y * variant) >> 2) + grain;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(rows, { level: 1 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}
