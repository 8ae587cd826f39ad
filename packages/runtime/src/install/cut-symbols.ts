import { open } from 'node:fs/promises';

const LOAD = 1;

/**
 * Cuts off what of a shared library (ELF of 64 bits, little-endian) is never loaded: symbols for debuggers and the table of sections, which
 * linkers read. A fifth of libtensorflow is such. Nothing else can be linked to the library afterwards.
 *
 * @returns bytes that were cut off; 0 from a file of another kind
 */
export async function cutSymbols(file: string): Promise<number> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const header = Buffer.alloc(64);
    await handle.read(header, 0, 64, 0);
    if (header.toString('latin1', 0, 4) !== '\x7fELF' || header[4] !== 2 || header[5] !== 1) return 0;
    const [entrySize, entries] = [header.readUInt16LE(54), header.readUInt16LE(56)];
    const table = Buffer.alloc(entrySize * entries);
    await handle.read(table, 0, table.length, Number(header.readBigUInt64LE(32)));
    const ends = Array.from({ length: entries }, (_, i) => table.subarray(i * entrySize))
      .filter((entry) => entry.readUInt32LE(0) === LOAD)
      .map((entry) => Number(entry.readBigUInt64LE(8) + entry.readBigUInt64LE(32)));
    const end = Math.max(...ends);
    if (ends.length === 0 || end >= size) return 0;
    header.fill(0, 40, 48); // where the table of sections is
    header.fill(0, 60, 64); // how many there are, and which has their names
    await handle.write(header, 0, 64, 0);
    await handle.truncate(end);
    return size - end;
  } finally {
    await handle.close();
  }
}
