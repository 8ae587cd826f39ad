import { expect, it } from 'vitest';
import { callsOf, faultOf } from './commands.js';
import { pages } from './pages.js';

const withCalls = pages.filter((page) => callsOf(page).length > 0);

it.each(withCalls)('commands and options in $path are there', (page) => {
  expect(callsOf(page).flatMap((call) => (faultOf(call) === undefined ? [] : [`${call}: ${faultOf(call)}`]))).toEqual(
    [],
  );
});

it('finds calls in blocks and in sentences', () => {
  const text =
    'a `npx promptweave doctor` b\n\n```sh\nX=1 npx promptweave train a.yaml \\\n  --resume # goes on\n```\n';
  expect(callsOf({ path: 'a.md', text })).toEqual(['doctor', 'train a.yaml --resume']);
});

it.each([
  ['trian photos.yaml', 'There is no command trian.'],
  ['train photos.yaml --resum', 'train has no option --resum.'],
  ['datasets chek ./photos', 'datasets has no command chek.'],
  ["sweep grid.yaml 'seed=[1, 2]' --jobs 2 --only seed=1", undefined],
  ['sweep grid.yaml --sbatch=--partition=gpu', undefined],
])('%s: %s', (call, fault) => {
  expect(faultOf(call)).toBe(fault);
});
