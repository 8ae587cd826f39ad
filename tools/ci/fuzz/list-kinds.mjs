/** Images, by their class. */
export const rows = ['cat', 'dog', 'owl'].flatMap((name) => [0, 1, 2, 3].map((i) => [`${name}/${i}.png`, name]));

const csv = (sign = ',', end = '\n') => [['path', 'label'], ...rows].map((row) => row.join(sign)).join(end);
const jsonl = () => rows.map(([path, label]) => JSON.stringify({ path, label })).join('\n');
const split = () => {
  const all = rows.map(([path, name]) => [path, ['cat', 'dog', 'owl'].indexOf(name), name]);
  return JSON.stringify({ train: all.filter((_, i) => i % 2), val: [], test: all.filter((_, i) => i % 2 === 0) });
};
const names = () => 'cat a cat\ndog a dog\nowl an owl\n';

/** A pickle of Python 2, as CIFAR's files are: labels and pixels. */
export function pickle(labels, pixels = labels.length * 3072, shape = [labels.length, 3072]) {
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
export const doubled = (times) => {
  const parts = [Buffer.from('\x80\x02]q\x00', 'latin1')];
  for (let i = 1; i < times; i++) parts.push(Buffer.from([0x28, 0x68, i - 1, 0x68, i - 1, 0x74, 0x71, i]));
  return Buffer.concat([...parts, Buffer.from([0x7d, 0x68, times - 1, 0x4b, 1, 0x73, 0x2e])]);
};

/** Kinds of lists: a whole file, and who reads it. */
export const kinds = {
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
