import { doubled, pickle, rows } from './list-kinds.mjs';

/** Lists that somebody made on purpose: kind, what they try, and the file. */
export const traps = [
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
/** Lists as people write them. */
export const made = {
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

/** Ways to damage a file. */
export const damages = [
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
