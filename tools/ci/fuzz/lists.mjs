// Gives the readers of data sets damaged, strange and hostile lists: tables, split files, classnames.txt, lists of aircraft, CIFAR's files.
// Each must be read, or be refused with a typed error that says where and what to do, within 10 seconds and 1 GiB. The same seed gives the
// same files. Needs a build.
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
import { faultOf } from './run-fuzz.mjs';

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
  records: {
    file: 'binary/cifar-100/test.bin',
    whole: () => Buffer.concat([0, 1, 2].map((label) => Buffer.alloc(3074, label))),
    use: 'cifar100',
    options: { root: 'binary' },
  },
  labelNames: {
    file: 'binary/cifar-100/fine_label_names.txt',
    whole: () => 'cat\ndog\nowl\n',
    use: 'cifar100',
    options: { root: 'binary' },
  },
  json: {
    file: 'list.json',
    whole: () => `[${jsonl().replaceAll('\n', ',')}]`,
    use: 'table',
    options: { path: 'list.json' },
  },
  variants: aircraft('variants', 'cat\ndog\nowl\n'),
  aircraft: aircraft('images_variant_train', '1 cat\n2 dog\n3 owl\n'),
  numbered: {
    file: 'imagenetv2/classnames.txt',
    whole: () => 'n1 cat\nn2 dog\nn3 owl\n',
    use: 'imagenetv2',
    options: { root: '.' },
  },
  imagenet: {
    file: 'imagenet/classnames.txt',
    whole: () => 'n1 cat\nn2 dog\nn3 owl\n',
    use: 'imagenet',
    options: { root: '.' },
  },
};
function aircraft(name, text) {
  return { file: `fgvc_aircraft/${name}.txt`, whole: () => text, use: 'fgvc_aircraft', options: { root: '.' } };
}
for (const [path] of rows) write(`photos/${path}`, 'not looked at');
for (const i of [0, 1, 2]) {
  for (const split of ['train', 'val']) write(`imagenet/images/${split}/n${i + 1}/a.JPEG`, 'not looked at');
  write(`imagenetv2/imagenetv2-matched-frequency-format-val/${i}/a.jpeg`, 'not looked at');
}
for (const split of ['val', 'test']) write(`fgvc_aircraft/images_variant_${split}.txt`, '4 cat\n');
write('binary/cifar-100/train.bin', Buffer.alloc(3074));

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
  ['csv', 'a cell of ten million letters for a label', () => `path,label\na.png,${'b'.repeat(1e7)}\n`],
  ['csv', 'a million rows of nothing', () => `path,label\n${',\n'.repeat(1e6)}`],
  [
    'csv',
    'a label for each of 200,000 images',
    () => `path,label\n${Array.from({ length: 2e5 }, (_, i) => `${i}.png,c${i}`).join('\n')}`,
  ],
  ['csv', 'zeros', () => '\0'.repeat(1e6)],
  [
    'jsonl',
    'a field of its own in each row',
    () => Array.from({ length: 2e4 }, (_, i) => `{"path":"${i}","label":"a","k${i}":1}`).join('\n'),
  ],
  ['jsonl', 'a label of ten million letters', () => `{"path":"a","label":"${'b'.repeat(1e7)}"}`],
  [
    'jsonl',
    'a hundred thousand labels',
    () => JSON.stringify({ path: 'a', label: Array.from({ length: 1e5 }, (_, i) => `${i}`) }),
  ],
  ['json', 'deep nests in a list', () => `${'['.repeat(1e6)}${']'.repeat(1e6)}`],
  [
    'split',
    'rows that are all wrong',
    () => JSON.stringify({ train: Array.from({ length: 2e5 }, () => ['a']), test: [] }),
  ],
  ['split', 'a row of nests', () => `{"train":[["a.png",${'['.repeat(1e5)}${']'.repeat(1e5)},"a"]],"test":[]}`],
  ['variants', 'a million variants', () => Array.from({ length: 1e6 }, (_, i) => `v${i}`).join('\n')],
  [
    'meta',
    'a list that holds itself',
    () => Buffer.from('\x80\x02}U\x10fine_label_names]q\x00(h\x00h\x00es.', 'latin1'),
  ],
  ['train', 'labels that hold themselves', () => Buffer.from('\x80\x02}U\x0bfine_labels]q\x00h\x00as.', 'latin1')],
  ['names', 'a line of ten million letters', () => `cat ${'a'.repeat(1e7)}\ndog d\nowl o\n`],
  ['train', 'labels below 0', () => pickle([0, 1, 2, -1])],
  ['train', 'labels beyond the classes', () => pickle([0, 1, 2, 1e9])],
  ['train', 'pixels of another number', () => pickle([0, 1, 2], 100)],
  ['train', 'a shape that lies', () => pickle([0, 1, 2], 3 * 3072, [2 ** 31 - 1, 3072])],
  ['meta', 'a list in itself, forty times doubled', () => doubled(40)],
  ['meta', 'a length of 4 GB', () => Buffer.from('\x80\x02T\xff\xff\xff\xff', 'latin1')],
];

const odd = [
  ...[
    '',
    ' ',
    '-1',
    '1.0',
    '1e9',
    'nan',
    '0',
    '00',
    '99999999999999999999',
    'cat ',
    'Cat',
    'caf\u00e9',
    'cafe\u0301',
    '\u200b',
    '\ufffd',
  ],
  ...[
    'cat|dog',
    'cat;dog',
    'cat,dog',
    "['cat']",
    '{}',
    '"',
    '""',
    '"cat',
    '\\',
    '..\\cat\\0.png',
    'cat\\0.png',
    '/etc/hostname',
    'C:\\x.png',
  ],
  ...[
    '../x.png',
    '.',
    '//',
    'file:///x.png',
    'https://a.example/x.png',
    '__proto__',
    'constructor',
    '\u202e',
    '\ud83d',
    'x'.repeat(5000),
  ],
];
const headings = [
  'path',
  'label',
  'split',
  'domain',
  'file',
  'image',
  'class',
  'title',
  'Path',
  'LABEL',
  'file name',
  'id',
  '',
  ...odd,
];
const jsonCells = [
  null,
  true,
  -1,
  1.5,
  1e300,
  2 ** 60,
  0,
  1,
  [],
  ['cat'],
  ['cat', 'dog'],
  [[['cat']]],
  {},
  { label: 'cat' },
  '\u0000',
];

/** A table that somebody wrote by hand or by a program of their own. */
function madeTable(random) {
  const good = random.next() < 0.7;
  const columns = good
    ? ['path', random.of(['label', 'class', 'Title', 'target'])]
    : random.times(random.below(5), () => random.of(headings));
  if (random.next() < 0.3) columns.push(random.of(headings));
  const cell = (usual) => (random.next() < 0.15 ? random.of(odd) : usual);
  const lines = random.times(random.below(16), () => {
    const [path, label] = random.of(rows);
    return columns.map((_, i) => cell([path, label, random.of(['train', 'val', 'test', 'dev', ''])][i] ?? 'x'));
  });
  return { columns, lines };
}
const made = {
  csv: (random) => {
    const { columns, lines } = madeTable(random);
    const [sign, end] = [random.of([',', ',', '\t', ';', '|', ' ']), random.of(['\n', '\r\n', '\r', '\n\n'])];
    const text = [columns, ...lines].map((row) => row.join(sign)).join(end);
    return random.next() < 0.1 ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text);
  },
  jsonl: (random) => {
    const { columns, lines } = madeTable(random);
    const value = (cell) => (random.next() < 0.1 ? random.of(jsonCells) : cell);
    const objects = lines.map((row) =>
      JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, value(row[i])]))),
    );
    return Buffer.from(objects.join('\n'));
  },
  split: (random) => {
    const cell = (usual) => (random.next() < 0.06 ? random.of([...odd, ...jsonCells]) : usual);
    const row = () => {
      const [path, name] = random.of(rows);
      return [
        cell(path),
        cell(['cat', 'dog', 'owl'].indexOf(name)),
        cell(name),
        ...(random.next() < 0.03 ? ['more'] : []),
      ];
    };
    const list = () => (random.next() < 0.05 ? random.of(jsonCells) : random.times(random.below(6), row));
    return Buffer.from(JSON.stringify({ train: list(), val: list(), test: list() }));
  },
  names: (random) =>
    Buffer.from(
      ['cat', 'dog', 'owl']
        .map((name) => `${name}${random.of([' ', ' ', '\t', ''])}${random.next() < 0.5 ? random.of(odd) : name}`)
        .join('\n'),
    ),
  train: (random) => {
    const labels = random.times(random.below(4), () => random.of([0, 1, 2, 2, 3, -1, 2 ** 31 - 1]));
    const shape =
      random.next() < 0.6
        ? undefined
        : random.times(random.below(4), () => random.of([labels.length, 3072, 0, -1, 2 ** 31 - 1]));
    return pickle(labels, undefined, shape);
  },
};

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
  if (random.next() < 0.4) {
    const kind = random.of(Object.keys(made));
    return { kind, what: `${kind}, made`, file: made[kind](random) };
  }
  const kind = random.of(Object.keys(kinds));
  return {
    kind,
    what: `${kind}, damaged`,
    file: damages[index % damages.length](Buffer.from(kinds[kind].whole()), random),
  };
}

async function attempt({ kind, file }) {
  const { file: path, use, options } = kinds[kind];
  for (const { file: other, whole } of Object.values(kinds)) write(other, whole());
  write('cifar-100/cifar-100-python/test', pickle([0, 1, 2]));
  write(path, file);
  const plugin = plugins.find((entry) => entry.kind === 'dataset' && entry.name === use);
  const parsed = plugin.options.parse(options);
  try {
    const dataset = await plugin.create({ folder, seed: 1, services: basicServices(1) }, parsed);
    check(dataset);
  } catch (error) {
    if (!(error instanceof PromptweaveError) || (error.where && error.remedy)) throw error;
    throw new Error(`It does not say where and what to do: ${error.message}`);
  }
}

/** What was taken makes sense. */
function check({ classNames, train, val, test, digest, notes = [] }) {
  for (const { id, label } of [...train, ...val, ...test]) {
    if (!(Number.isInteger(label) && label >= 0 && label < classNames.length))
      throw new Error(`took the label ${label}`);
    if (/^\/|^\.\.(\/|$)|\0/.test(id)) throw new Error(`took the path ${id}`);
  }
  const wrong = classNames.find((name) => name.trim() === '' || name.length > 1000);
  if (wrong !== undefined) throw new Error(`took the class name ${wrong.slice(0, 80)}`);
  const note = notes.find((text) => text.length > 2000 || /\bundefined\b|\[object/.test(text));
  if (note) throw new Error(`says ${note.slice(0, 200)}`);
  if (digest.length !== 64) throw new Error('has no digest');
}

const seed = Number(flags.seed);
const indices =
  flags.only === undefined ? Array.from({ length: Number(flags.inputs) }, (_, i) => i) : [Number(flags.only)];
let faults = 0;
// Whole lists are taken: otherwise the damaged ones tell nothing.
for (const [kind, { whole }] of Object.entries(kinds)) {
  await attempt({ kind, file: Buffer.from(whole()) }).catch((error) => {
    faults += 1;
    console.error(`${kind}, whole: ${error.message} (${error.where})`);
  });
}
for (const index of indices) {
  const input = inputOf(seed, index);
  const found = await faultOf(() => attempt(input));
  if (!found) continue;
  faults += 1;
  console.error(`${input.what}: ${found.slice(0, 600)}\n  node tools/ci/fuzz/lists.mjs --seed ${seed} --only ${index}`);
}
console.log(`fuzz lists: ${indices.length} inputs, ${faults} faults`);
process.exit(faults > 0 ? 1 : 0);
