// Gives the readers of data sets damaged, strange and hostile lists: CSV, JSON lines, split files, classnames.txt, CIFAR's pickles. Each
// must be read, or be refused with a typed error that says where and what to do, within 10 seconds and 1 GiB. The same seed gives the same files.
//
//   node tools/ci/fuzz/lists.mjs [--seed N] [--inputs N] [--only INDEX]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { PromptweaveError } from '@promptweave/core';
import { basicServices } from '@promptweave/core/experiment';
import { plugins } from '@promptweave/datasets';
import { chance } from './random.mjs';

const SECONDS = 10;
const MOST_MEMORY = 2 ** 30;
const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    inputs: { type: 'string', default: '300' },
    only: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'fuzz-lists-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env.PROMPTWEAVE_CACHE = join(folder, 'cache');

const rows = ['cat', 'dog', 'owl'].flatMap((name) => [0, 1, 2, 3].map((i) => [`${name}/${i}.png`, name]));
const write = (path, content) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
for (const [path] of rows) write(path, 'not looked at');

const csv = (sign = ',', end = '\n') => [['path', 'label'], ...rows].map((row) => row.join(sign)).join(end);
const jsonl = () => rows.map(([path, label]) => JSON.stringify({ path, label })).join('\n');
const split = () => {
  const all = rows.map(([path, name]) => [path, ['cat', 'dog', 'owl'].indexOf(name), name]);
  return JSON.stringify({ train: all.filter((_, i) => i % 2), val: [], test: all.filter((_, i) => i % 2 === 0) });
};
const names = () => 'cat a cat\ndog a dog\nowl an owl\n';

/** A pickle of Python 2, as CIFAR's files are: labels and pixels. */
function pickle(labels, pixels = labels.length * 3072, shape = [labels.length, 3072]) {
  const number = (value) => Buffer.concat([Buffer.from('J'), Buffer.from(Int32Array.of(value).buffer)]);
  const data = Buffer.alloc(pixels, 7);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  const array = Buffer.concat([
    Buffer.from('cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01(', 'latin1'),
    ...shape.map(number),
    Buffer.from(
      'tcnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T',
      'latin1',
    ),
    ...[length, data],
    Buffer.from('tb'),
  ]);
  return Buffer.concat([
    Buffer.from('\x80\x02}(U\x0bfine_labels](', 'latin1'),
    ...labels.map(number),
    Buffer.from('eU\x04data', 'latin1'),
    ...[array, Buffer.from('u.')],
  ]);
}
const meta = Buffer.from('\x80\x02}U\x10fine_label_names](U\x03catU\x03dogU\x03owles.', 'latin1');
const doubled = (times) => {
  const parts = [Buffer.from('\x80\x02]q\x00', 'latin1')];
  for (let i = 1; i < times; i++) parts.push(Buffer.from([0x28, 0x68, i - 1, 0x68, i - 1, 0x74, 0x71, i]));
  return Buffer.concat([...parts, Buffer.from([0x7d, 0x68, times - 1, 0x4b, 1, 0x73, 0x2e])]);
};

/** Kinds of lists: a whole file, and who reads it. */
const kinds = {
  csv: { file: 'list.csv', whole: () => csv(), use: 'table', options: { path: 'list.csv' } },
  tsv: { file: 'list.tsv', whole: () => csv('\t', '\r\n'), use: 'table', options: { path: 'list.tsv' } },
  jsonl: { file: 'list.jsonl', whole: jsonl, use: 'table', options: { path: 'list.jsonl' } },
  split: { file: 'split.json', whole: split, use: 'split', options: { path: 'split.json' } },
  names: { file: 'photos/classnames.txt', whole: names, use: 'folder', options: { path: 'photos' } },
  train: {
    file: 'cifar-100/cifar-100-python/train',
    whole: () => pickle([0, 1, 2, 0, 1, 2]),
    use: 'cifar100',
    options: { root: '.' },
  },
  meta: { file: 'cifar-100/cifar-100-python/meta', whole: () => meta, use: 'cifar100', options: { root: '.' } },
};
for (const [path] of rows) write(`photos/${path}`, 'not looked at');

const traps = [
  ['csv', 'a row of ten million letters', () => `path,label\n${'a'.repeat(1e7)},b`],
  ['csv', 'a quote that never ends', () => `path,label\n"${'a,b\n'.repeat(1e5)}`],
  [
    'csv',
    'a hundred thousand headings',
    () => `path,label,${Array.from({ length: 1e5 }, (_, i) => `h${i}`).join()}\na,b`,
  ],
  ['csv', 'names of objects', () => 'path,label,__proto__,constructor\na.png,__proto__,1,2\nb.png,constructor,1,2\n'],
  ['jsonl', 'deep nests', () => `{"path":${'['.repeat(1e5)}${']'.repeat(1e5)},"label":"a"}`],
  ['jsonl', 'a prototype', () => '{"__proto__":{"path":"a"},"label":"b"}\n{"path":"c","label":"d"}'],
  ['split', 'a huge label', () => '{"train":[["a.png",9007199254740991,"a"]],"test":[]}'],
  ['split', 'a negative label', () => '{"train":[["a.png",-1,"a"],["b.png",0,"b"]],"test":[]}'],
  ['split', 'half a label', () => '{"train":[["a.png",0.5,"a"],["b.png",0,"b"]],"test":[]}'],
  ['split', 'deep nests', () => '['.repeat(1e6)],
  ['names', 'a line of ten million letters', () => `cat ${'a'.repeat(1e7)}\ndog d\nowl o\n`],
  ['train', 'labels below 0', () => pickle([0, 1, 2, -1])],
  ['train', 'labels beyond the classes', () => pickle([0, 1, 2, 1e9])],
  ['train', 'pixels of another number', () => pickle([0, 1, 2], 100)],
  ['train', 'a shape that lies', () => pickle([0, 1, 2], 3 * 3072, [2 ** 31 - 1, 3072])],
  ['meta', 'a list in itself, forty times doubled', () => doubled(40)],
  ['meta', 'a length of 4 GB', () => Buffer.from('\x80\x02T\xff\xff\xff\xff', 'latin1')],
];

const damages = [
  (file, random) => file.subarray(0, random.below(file.length)),
  (file, random) => {
    const broken = Buffer.from(file);
    for (let i = 0; i < 1 + random.below(8); i++) broken[random.below(file.length)] = random.below(256);
    return broken;
  },
  (file, random) => {
    const strange = [
      '\0',
      '"',
      ',',
      '\n',
      '\r',
      '\t',
      ';',
      '../',
      '\u0000',
      '\ufeff',
      '😀',
      '-1',
      '1e999',
      'null',
      '{}',
      '[',
      '|',
    ];
    const at = random.below(file.length);
    return Buffer.concat([
      file.subarray(0, at),
      Buffer.from(random.of(strange).repeat(1 + random.below(3))),
      file.subarray(at),
    ]);
  },
  (file, random) => {
    const from = random.below(file.length);
    return Buffer.concat([file.subarray(0, from), file.subarray(from + 1 + random.below(file.length))]);
  },
  (file) => Buffer.concat([file, file]),
];

function inputOf(seed, index) {
  const random = chance(seed * 100_003 + index);
  if (index < traps.length) {
    const [kind, what, make] = traps[index];
    return { kind, what, file: Buffer.from(make()) };
  }
  const kind = random.of(Object.keys(kinds));
  return {
    kind,
    what: `${kind}, damaged`,
    file: damages[index % damages.length](Buffer.from(kinds[kind].whole()), random),
  };
}

async function outcomeOf({ kind, file }) {
  const { file: path, use, options } = kinds[kind];
  for (const { file: other, whole } of Object.values(kinds)) write(other, whole());
  write('cifar-100/cifar-100-python/test', pickle([0, 1, 2]));
  write(path, file);
  const plugin = plugins.find((entry) => entry.kind === 'dataset' && entry.name === use);
  try {
    const parsed = plugin.options.parse(options);
    const dataset = await plugin.create({ folder, seed: 1, services: basicServices(1) }, parsed);
    const bad = [...dataset.train, ...dataset.val, ...dataset.test].find(
      ({ label }) => !(Number.isInteger(label) && label >= 0 && label < dataset.classNames.length),
    );
    if (bad) return `gave the label ${bad.label} of ${dataset.classNames.length} classes`;
    return dataset.digest.length === 64 ? undefined : 'has no digest';
  } catch (error) {
    if (!(error instanceof PromptweaveError)) return `threw ${error?.stack ?? error}`;
    if (!error.where || !error.remedy) return `does not say where and what to do: ${error.message}`;
    if (error.message.length > 2000) return `says ${error.message.length} characters`;
    return /\bundefined\b|\[object|Maximum call stack/.test(error.message)
      ? `says nothing: ${error.message}`
      : undefined;
  }
}

const seed = Number(flags.seed);
const indices =
  flags.only === undefined ? Array.from({ length: Number(flags.inputs) }, (_, i) => i) : [Number(flags.only)];
let faults = 0;
for (const index of indices) {
  const input = inputOf(seed, index);
  const begun = performance.now();
  const fault = await outcomeOf(input);
  const seconds = (performance.now() - begun) / 1000;
  const memory = process.memoryUsage.rss();
  const found =
    fault ??
    (seconds > SECONDS
      ? `took ${seconds.toFixed(1)} s`
      : memory > MOST_MEMORY
        ? `took ${(memory / 2 ** 20).toFixed(0)} MB`
        : undefined);
  if (!found) continue;
  faults += 1;
  console.error(`${input.what}: ${found.slice(0, 600)}\n  node tools/ci/fuzz/lists.mjs --seed ${seed} --only ${index}`);
}
console.log(`fuzz lists: ${indices.length} inputs, ${faults} faults`);
process.exit(faults > 0 ? 1 : 0);
