import { open } from 'node:fs/promises';

/** Names of formats that can hold more than one picture. Others are not opened: a data set may have a million of them. */
const MAY_HAVE_MORE = /\.(gif|webp|tiff?|avif|hei[cf]|hif)$/i;
/** Bytes that are read at a time. */
const BLOCK = 16 * 2 ** 10;
/** Pictures and blocks that are looked at, so that a damaged file has an end. */
const MOST_BLOCKS = 2 ** 20;

/** Gives some bytes of a file; fewer at its end. */
type Read = (position: number, length: number) => Promise<Buffer>;

/**
 * Whether a file holds several frames or pages, of which only the first is decoded: an animated GIF, WebP or AVIF, a TIFF of several pages, a
 * sequence of photos in HEIC. Reads what tells, and nothing of files of other names; a file that is missing or damaged has none.
 */
export async function hasMoreFrames(path: string): Promise<boolean> {
  if (!MAY_HAVE_MORE.test(path)) return false;
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  let start = 0;
  let block = Buffer.alloc(0);
  const read: Read = async (position, length) => {
    if (position < start || position + length > start + block.length) {
      const buffer = Buffer.alloc(Math.max(BLOCK, length));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      [start, block] = [position, buffer.subarray(0, bytesRead)];
    }
    return block.subarray(position - start, position - start + length);
  };
  try {
    return await lookAt(read);
  } catch {
    return false; // damaged, which is told where it is decoded
  } finally {
    await file.close();
  }
}

async function lookAt(read: Read): Promise<boolean> {
  const opening = await read(0, 16);
  const text = opening.toString('latin1');
  if (text.startsWith('GIF8')) return moreInGif(read);
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return moreInWebP(read);
  if (/^(II\*\0|MM\0\*)/.test(text)) return moreInTiff(read, text.startsWith('II'));
  return /^(avis|msf1|hevc|hevx|hevm|hevs)$/.test(text.slice(8, 12)) && text.startsWith('ftyp', 4);
}

/** GIF: blocks one after the other; an image descriptor (2C) begins a frame, its data are blocks of up to 255 bytes. */
async function moreInGif(read: Read): Promise<boolean> {
  const tableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableBytes((await read(10, 1)).readUInt8());
  let frames = 0;
  for (let blocks = 0; blocks < MOST_BLOCKS; blocks++) {
    const kind = (await read(at, 1)).readUInt8();
    if (kind === 0x2c) {
      if (++frames === 2) return true;
      at += 11 + tableBytes((await read(at + 9, 1)).readUInt8()); // and the code size
    } else if (kind === 0x21) at += 2;
    else return false; // the end
    for (let size = -1; size !== 0; at += size + 1) {
      size = (await read(at, 1)).readUInt8();
      if (++blocks > MOST_BLOCKS) return false;
    }
  }
  return false;
}

/** WebP: chunks one after the other; ANMF is a frame. */
async function moreInWebP(read: Read): Promise<boolean> {
  const first = await read(12, 9);
  if (!first.toString('latin1').startsWith('VP8X') || !(first.readUInt8(8) & 2)) return false;
  let frames = 0;
  for (let at = 12, blocks = 0; blocks < MOST_BLOCKS; blocks++) {
    const head = await read(at, 8);
    if (head.toString('latin1').startsWith('ANMF') && ++frames === 2) return true;
    const size = head.readUInt32LE(4);
    at += 8 + size + (size % 2);
  }
  return false;
}

/** TIFF: directories, each with the place of the next. One that says to be a smaller copy (tag 254) is no page. */
async function moreInTiff(read: Read, little: boolean): Promise<boolean> {
  const two = (bytes: Buffer, at = 0): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const four = (bytes: Buffer, at = 0): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const known = new Set<number>([0]);
  let at = four(await read(4, 4));
  for (let page = 0; !known.has(at); page++) {
    known.add(at);
    const entries = two(await read(at, 2));
    const first = await read(at + 2, 12);
    const isCopy = two(first) === 254 && (four(first, 8) & 1) === 1;
    if (page > 0 && !isCopy) return true;
    at = four(await read(at + 2 + 12 * entries, 4));
  }
  return false;
}
