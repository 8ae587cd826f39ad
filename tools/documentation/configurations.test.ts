import { readdirSync, readFileSync } from 'node:fs';
import { plugins as clip } from '@promptweave/backbone-clip';
import { plugins as protocols } from '@promptweave/bench';
import { resolveConfiguration, Registry } from '@promptweave/core/experiment';
import { plugins as datasets } from '@promptweave/datasets';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { methodPlugins } from '../../packages/bench/src/method-plugins.test.support.js';
import { piecesOf, root } from './pages.js';

const registry = new Registry(
  [...clip, ...datasets, ...protocols, ...methodPlugins].map((plugin) => ({ plugin, module: plugin.name })),
);
const folder = `${root}docs/methods/`;

describe.each(readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md'))('%s', (name) => {
  const blocks = piecesOf(readFileSync(`${folder}${name}`, 'utf8')).flatMap((piece) =>
    piece.type === 'code' && piece.lang === 'yaml' ? [piece.text as string] : [],
  );

  it('shows a configuration', () => {
    expect(blocks).not.toEqual([]);
  });

  it.each(blocks)('shows one that is accepted:\n%s', (block) => {
    expect(resolveConfiguration(parse(block), { registry }).dataset.use).toBe('folder');
  });
});

it('a wrong one is refused', () => {
  const wrong = { dataset: { use: 'folder', path: './photos' }, prompt: { use: 'coop', lenght: 4 } };
  expect(() => resolveConfiguration(wrong, { registry })).toThrow('lenght');
});
