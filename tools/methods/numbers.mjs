import { measuredOf, SUITE } from './measured.mjs';
import { read, table } from './readme.mjs';

const { protocols } = JSON.parse(read('packages/bench/data/published.json'));
const two = (value) => value.toFixed(2);

/** Published numbers beside those that were measured here. */
export function numbers({ published = [], measured = [] }) {
  return ['### Published', '', ...publishedLines(published), '', '### Measured here', '', ...measuredLines(measured)];
}

function publishedLines(names) {
  const rows = names.flatMap((name) => publishedRows(name));
  if (rows.length === 0)
    return [
      'We keep no published numbers of it in the protocols that are compared here: its papers show other protocols, or only curves.',
    ];
  const ofClip = names.includes('CLIP')
    ? []
    : publishedRows('CLIP').filter(({ protocol }) => rows.some((row) => row.protocol === protocol));
  return [
    'CLIP ViT-B/16, percent, means over the data sets of each protocol. Two numbers with the same name may be different measurements: [what surprises people in them](../published-numbers.md).',
    '',
    ...table([['', 'protocol', 'numbers', 'read in'], ...[...rows, ...ofClip].map(({ cells }) => cells)]),
  ];
}

function publishedRows(name) {
  return Object.entries(protocols).flatMap(([protocol, { shots, entries }]) => {
    const own = entries.filter((entry) => entry.name === name);
    if (own.length === 0) return [];
    const [{ source }] = own;
    if (protocol === 'few-shot') {
      const counts = own.map((entry) => entry.shots);
      const says = counts[0] === 0 ? 'nothing trained' : `${counts.join(' / ')} shots`;
      const accuracies = own.map(({ average }) => average.accuracy.toFixed(1)).join(' / ');
      return [{ protocol, cells: [name, `few-shot, ${says}`, accuracies, source] }];
    }
    const figures = own[0].average ?? own[0].figures;
    const wanted = { base: 'base', novel: 'novel', HM: 'HM', source: 'ImageNet', average: 'mean of the others' };
    const says = Object.entries(wanted)
      .filter(([figure]) => figures[figure] !== undefined)
      .map(([figure, title]) => `${title} ${two(figures[figure])}`);
    return [{ protocol, cells: [name, `${protocol}, ${shots} shots`, says.join(', '), source] }];
  });
}

function measuredLines(names) {
  const rows = ['clip', ...names.filter((name) => name !== 'clip')].map((name) => measuredOf(name));
  return [
    `The [embedded suite](${SUITE}): drawings, and a CLIP of 4.7 million parameters. It compares methods with each other, and says nothing about ViT-B/16.`,
    '',
    ...table(
      [
        ['', 'emoji-groups: base', 'novel', 'HM', 'three sets: base', 'novel', 'HM', 'few-shot'],
        ...rows.map(({ method, cells }) => [method === 'clip' ? 'zero-shot CLIP' : method, ...cells]),
      ],
      ['---', ...Array(7).fill('---:')],
    ),
    '',
    '† The 95 % interval of the difference to zero-shot CLIP is on one side of 0. Base-to-novel with 16 shots, few-shot with 4 on emoji-plants.',
  ];
}
