import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from './pages.js';

const page = readFileSync(`${root}docs/tutorials/paper-table.md`, 'utf8');
const published = JSON.parse(readFileSync(`${root}packages/bench/data/published.json`, 'utf8')) as {
  readonly protocols: Readonly<Record<string, { readonly entries: readonly Entry[] }>>;
};
type Figures = Readonly<Record<string, number>>;
interface Entry {
  readonly name: string;
  readonly average?: Figures;
  readonly datasets?: Readonly<Record<string, Figures>>;
}

/** The cells of the row that begins with a name. */
function rowOf(name: string): string[] {
  const row = page.split('\n').find((line) => line.startsWith(`| ${name} `));
  return row!
    .split('|')
    .slice(2, -1)
    .map((text) => text.trim());
}

it.each(['CLIP', 'MaPLe', 'COMMA'])(
  'the published numbers of %s in the tutorial are those that bench shows',
  (name) => {
    const { datasets, average } = published.protocols['base-to-novel']!.entries.find((entry) => entry.name === name)!;
    const figures = [datasets?.['oxford_pets'], datasets?.['oxford_flowers']].flatMap((own) => [
      own?.['base'],
      own?.['novel'],
    ]);
    const expected = [...figures, average!['base'], average!['novel'], average!['HM']];
    expect(rowOf(name)).toEqual(expected.map((value) => value?.toFixed(2) ?? ''));
  },
);
