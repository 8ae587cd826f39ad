import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createInflateRaw } from 'node:zlib';
import { BackendError } from '@promptweave/core';
import yauzl from 'yauzl';

/** A Python wheel, packed (a `.whl` file) or unpacked (a folder such as `site-packages`). */
export interface WheelSource {
  /** What to call it in messages: the path it was opened from. */
  readonly where: string;
  /** The names of the files, relative to the wheel's root, with `/`. */
  readonly files: readonly string[];
  /** Uncompressed size of a file in bytes. */
  size(file: string): Promise<number>;
  /** The uncompressed bytes of a file. */
  open(file: string): Promise<Readable>;
  close(): void;
}

const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);

/** Bytes that are read and inflated at once: with the 16 KiB of streams, half of the processor time is handing them on. */
const BLOCK = 2 ** 18;
/** The method of a zip's entry that is not compressed; a wheel's others are deflated. */
const STORED = 0;

/** A method that the package's types lack. */
interface ReadsHeaders {
  readLocalFileHeader(
    entry: yauzl.Entry,
    options: { readonly minimal: true },
    callback: (error: Error | null, header: { readonly fileDataStart: number }) => void,
  ): void;
}

/** Opens a `.whl` file without unpacking it. */
export async function openPackedWheel(file: string): Promise<WheelSource> {
  const zip = await openZip(file, { lazyEntries: true, autoClose: false }).catch((cause: unknown) => {
    throw brokenWheel(file, 'it is not a readable zip file', cause);
  });
  const entries = new Map<string, yauzl.Entry>();
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', resolve);
    zip.on('error', (cause: Error) => reject(brokenWheel(file, 'its list of files is damaged', cause)));
    zip.readEntry();
  });
  const entryOf = (name: string): yauzl.Entry => {
    const entry = entries.get(name);
    if (!entry) throw brokenWheel(file, `it holds no ${name}`);
    return entry;
  };
  const readHeader = promisify((zip as yauzl.ZipFile & ReadsHeaders).readLocalFileHeader.bind(zip));
  const openStream = async (entry: yauzl.Entry): Promise<Readable> => {
    if (entry.compressedSize === 0) return Readable.from([]);
    const { fileDataStart: start } = await readHeader(entry, { minimal: true });
    const packed = createReadStream(file, { start, end: start + entry.compressedSize - 1, highWaterMark: BLOCK });
    if (entry.compressionMethod === STORED) return packed;
    return pipeline(packed, createInflateRaw({ chunkSize: 4 * BLOCK }), () => undefined); // whoever reads it meets its errors
  };
  return {
    where: file,
    files: [...entries.keys()].filter((name) => !name.endsWith('/')),
    size: async (name) => entryOf(name).uncompressedSize,
    open: (name) => openStream(entryOf(name)),
    close: () => zip.close(),
  };
}

/** Opens a folder into which the wheel `distribution` was unpacked or installed; other packages may lie beside it. */
export async function openUnpackedWheel(folder: string, distribution: string): Promise<WheelSource> {
  const information = (await readdir(folder)).find((name) => isInformationOf(name, distribution));
  if (!information) throw brokenWheel(folder, `it holds no ${distribution.replaceAll('-', '_')}-VERSION.dist-info`);
  const record = await readFile(join(folder, information, 'RECORD'), 'utf8');
  return {
    where: folder,
    files: parseRecord(record).map(({ file }) => file),
    size: async (name) => {
      const found = await stat(join(folder, name)).catch((cause: unknown) => {
        throw brokenWheel(folder, `it holds no ${name}`, cause);
      });
      return found.size;
    },
    open: async (name) => createReadStream(join(folder, name)),
    close: () => undefined,
  };
}

function isInformationOf(name: string, distribution: string): boolean {
  return name.endsWith('.dist-info') && name.slice(0, name.indexOf('-')) === distribution.replaceAll('-', '_');
}

/** What a wheel says about itself and its files. */
export interface WheelInformation {
  /** Normalised with `-`, for example `tensorflow-cpu`. */
  readonly name: string;
  readonly version: string;
  /** The `Requires-Dist` lines. */
  readonly requirements: readonly string[];
  /** SHA-256 of every file, as the wheel's RECORD has it (URL-safe base64 without padding). */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Reads METADATA and RECORD. */
export async function readWheelInformation(wheel: WheelSource): Promise<WheelInformation> {
  const record = wheel.files.find((file) => /^[^/]+\.dist-info\/RECORD$/.test(file));
  if (!record) throw brokenWheel(wheel.where, 'it has no RECORD of its files');
  const read = async (file: string): Promise<string> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of await wheel.open(file)) chunks.push(chunk as Buffer);
    } catch (cause) {
      throw brokenWheel(wheel.where, `${file} in it cannot be read`, cause);
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  const metadata = await read(record.replace(/RECORD$/, 'METADATA'));
  const header = (name: string): string[] =>
    [...metadata.matchAll(new RegExp(`^${name}: (.+)$`, 'gm'))].map((match) => (match[1] ?? '').trim());
  const [name, version] = [header('Name')[0], header('Version')[0]];
  if (!name || !version) throw brokenWheel(wheel.where, 'its METADATA has no name or version');
  return {
    name: name.toLowerCase().replace(/[-_.]+/g, '-'),
    version,
    requirements: header('Requires-Dist'),
    hashes: new Map(parseRecord(await read(record)).map(({ file, hash }) => [file, hash])),
  };
}

/** RECORD is CSV: path, `sha256=…`, size. Names with a comma are quoted; none that is wanted has one. */
function parseRecord(record: string): { file: string; hash: string }[] {
  return record
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','))
    .map(([file = '', hash = '']) => ({ file, hash: hash.replace(/^sha256=/, '') }));
}

/** The error for a wheel that is not what it should be. */
export function brokenWheel(where: string, what: string, cause?: unknown): BackendError {
  return new BackendError(`The wheel ${basename(where)} is broken: ${what}.`, {
    where,
    remedy: 'Run `npx promptweave runtime install` again to download it anew, or give a whole one with `--from`.',
    cause,
  });
}
