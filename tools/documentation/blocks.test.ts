import { expect, it } from 'vitest';
import { blocksOf, outputPattern } from './blocks.mjs';

const page = [
  'Text.',
  '```sh\nnpx a\n```',
  '<!-- file: a.yaml -->\n\n```yaml\nseed: 1\n```',
  '<!-- nightly -->\n\n```sh\nlong\n```',
  '<!-- output -->\n\n```text\nloss 1.5\n```',
  '<!-- not run: it asks -->\n\n```sh\nnpx ask\n```',
  '```yaml\nonly: shown\n```',
  '<!-- file: a.md -->\n\n````md\n```yaml\nb: 1\n```\n````',
].join('\n\n');

it('takes a page apart', () => {
  expect(blocksOf(page).map(({ kind, name, text }) => [kind, name, text])).toEqual([
    ['commands', undefined, 'npx a\n'],
    ['file', 'a.yaml', 'seed: 1\n'],
    ['nightly', undefined, 'long\n'],
    ['output', undefined, 'loss 1.5\n'],
    ['file', 'a.md', '```yaml\nb: 1\n```\n'],
  ]);
});

it('refuses a comment without a block', () => {
  expect(() => blocksOf('<!-- output -->\n\nText.\n')).toThrow('Line 1');
  expect(() => blocksOf('```sh\nnpx a\n')).toThrow('does not end');
});

it.each([
  ['loss 1.5 after 10 steps', 'x loss 2.75 after 8 steps y', true],
  ['a … c', 'a b b c', true],
  ['a … c', 'a b', false],
  ['(1 of 2)', '1 of 2', false],
])('%j is in %j: %s', (shown, printed, is) => {
  expect(outputPattern(shown).test(printed)).toBe(is);
});
