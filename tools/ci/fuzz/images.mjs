// Gives the decoder damaged, strange and hostile images of every format. Each must be read as pixels of its own size, or be refused with a
// typed error that names it, within 10 seconds; all processes together stay below 1 GiB. The same seed gives the same files.
//
//   node tools/ci/fuzz/images.mjs [--seed N] [--inputs N] [--only INDEX]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { DatasetError } from '@promptweave/core';
import sharp from 'sharp';
import { decodeImage } from '../../../packages/datasets/dist/image/decode.js';
import { inTurn } from '../../../packages/datasets/dist/image/in-turn.js';
import { MOST_MEMORY, SECONDS } from './apart.mjs';
import { again, chosen, conclude, seed } from './inputs.mjs';
import { chance } from './random.mjs';

const fixtures = fileURLToPath(new URL('../../../packages/datasets/fixtures', import.meta.url));
const whole = ['images', 'formats', 'bitmaps'].flatMap((folder) =>
  readdirSync(join(fixtures, folder))
    .filter((name) => !name.endsWith('.json'))
    .sort()
    .map((name) => [name, readFileSync(join(fixtures, folder, name))]),
);
const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="20" height="20" fill="#f00"/></svg>';
whole.push(['drawing.svg', Buffer.from(drawing)]);

/** A chunk of a PNG, with a checksum that fits. */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, sum]);
}

function crc(data) {
  let value = 0xffffffff;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

function png(width, height, depth, colour, ...chunks) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', header), ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

const svg = (inner, size = 'width="100" height="100"') =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${size}>${inner}</svg>`,
  );

/** Files that somebody made on purpose, by what they try. */
const hostile = {
  'a PNG of 268 million black pixels': () =>
    png(16383, 16383, 1, 0, chunk('IDAT', deflateSync(Buffer.alloc(16383 * 2049)))),
  'a PNG that says 2 billion by 2 billion': () => png(2 ** 31 - 1, 2 ** 31 - 1, 8, 2, chunk('IDAT', Buffer.alloc(10))),
  'a PNG of no pixels': () => png(0, 0, 8, 2, chunk('IDAT', Buffer.alloc(0))),
  'a PNG with a text that unfolds to 100 MB': () =>
    png(
      1,
      1,
      8,
      0,
      chunk('zTXt', Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(1e8))])),
      chunk('IDAT', deflateSync(Buffer.alloc(2))),
    ),
  'a PNG with a colour profile that unfolds to 100 MB': () =>
    png(
      1,
      1,
      8,
      2,
      chunk('iCCP', Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(1e8))])),
      chunk('IDAT', deflateSync(Buffer.alloc(4))),
    ),
  'a drawing of noise that never ends': () =>
    svg(
      '<filter id="f"><feTurbulence baseFrequency="0.9" numOctaves="10000"/></filter><rect width="4000" height="4000" filter="url(#f)"/>',
      'width="4000" height="4000"',
    ),
  'a drawing of entities that multiply': () =>
    Buffer.from(
      `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${[...'bcdefghij'].map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghij'[i]};`.repeat(10)}">`).join('')}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&j;</text></svg>`,
    ),
  'a drawing of itself': () => svg('<g id="a"><use xlink:href="#a"/><use xlink:href="#a"/></g>'),
  'a drawing that shows a file': () => svg('<image width="9" height="9" xlink:href="file:///etc/passwd"/>'),
  'a drawing of deep nests': () => svg('<g>'.repeat(100_000) + '</g>'.repeat(100_000)),
  'a drawing of a billion by a billion': () =>
    svg('<rect width="1" height="1"/>', 'width="1000000000" height="1000000000"'),
  'a drawing without a size': () => svg('<rect width="1" height="1"/>', ''),
  'a drawing of no size': () => svg('', 'width="0" height="0"'),
};

const damages = [
  (file, random) => file.subarray(0, random.below(file.length)),
  (file, random) => {
    const broken = Buffer.from(file);
    for (let i = 0; i < 1 + file.length / 50; i++) broken[random.below(file.length)] = random.below(256);
    return broken;
  },
  (file, random) => {
    const broken = Buffer.from(file); // the header alone: sizes, depths, counts
    for (let i = 0; i < 4; i++) broken[random.below(Math.min(64, file.length))] = random.of([0, 1, 127, 128, 255]);
    return broken;
  },
  (file, random) => Buffer.concat([file, whole[random.below(whole.length)][1]]),
  (file, random) => Buffer.concat([file.subarray(0, random.below(file.length)), whole[random.below(whole.length)][1]]),
];

/** Input number `index` of a seed. */
function inputOf(seed, index) {
  const random = chance(seed * 100_003 + index);
  const traps = Object.entries(hostile);
  if (index < traps.length) return [traps[index][0], traps[index][1]()];
  const [name, file] = random.of(whole);
  return [`${name}, damaged`, damages[index % damages.length](file, random)];
}

async function outcomeOf(file, policy) {
  try {
    const { data, width, height } = await inTurn(
      { size: async () => file.length, load: async () => file, policy },
      (bytes) => decodeImage(bytes, policy, 'image under test'),
    );
    if (data.length !== width * height * 3 || width < 1) return `gave ${data.length} bytes for ${width} × ${height}`;
  } catch (error) {
    if (!(error instanceof DatasetError)) return `threw ${error?.stack ?? error}`;
    if (error.where !== 'image under test' || !error.remedy)
      return `does not say where and what to do: ${error.message}`;
    if (/[Uu]nknown error|\bundefined\b|\[object/.test(error.message)) return `says nothing: ${error.message}`;
  }
  return undefined;
}

/** Bytes of this process and those that it started. */
function memory(pid = process.pid) {
  try {
    const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    const tasks = readdirSync(`/proc/${pid}/task`).map((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'),
    );
    return tasks
      .join(' ')
      .split(' ')
      .filter(Boolean)
      .reduce((sum, child) => sum + memory(child), own);
  } catch {
    return 0;
  }
}

sharp.cache(false);
let faults = 0;
let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, memory())), 50);
for (const index of chosen) {
  const [what, file] = inputOf(seed, index);
  const begun = performance.now();
  const fault = await outcomeOf(file, index % 2 ? 'reference' : 'custom');
  const seconds = (performance.now() - begun) / 1000;
  const found =
    fault ??
    (seconds > SECONDS
      ? `took ${seconds.toFixed(1)} s`
      : peak > MOST_MEMORY
        ? `took ${(peak / 2 ** 20).toFixed(0)} MB`
        : undefined);
  if (!found) continue;
  faults += 1;
  peak = 0;
  console.error(`${what}: ${found}\n  ${again('images', index)}`);
}
clearInterval(watch);
conclude('images', faults);
process.exit();
