import { expect, it } from 'vitest';
import { fileName, slug } from './file-name.js';

const names = [
  '草图',
  '油画',
  '__',
  'a/b',
  'a-b',
  'a b',
  'A-B',
  '../x',
  '..',
  '.',
  '',
  'x'.repeat(300),
  `${'x'.repeat(300)}y`,
];
const odd = ['a\0b', 'a\nb', 'a:b', 'a|b', 'a*b', ' a', 'a ', 'a.', '__proto__', 'é', 'e\u0301', '/etc/x', 'a//b'];

it('keeps names that every file system takes', () => {
  for (const name of ['test', 'before/base', 'my photos (1)', '草图', 'v1.2', 'a_b']) expect(fileName(name)).toBe(name);
  for (const name of ['test', 'sun397', 'eurosat-2']) expect(slug(name)).toBe(name);
});

it.each([fileName, slug])('keeps different names different, and no name leaves its folder', (of) => {
  const files = [...names, ...odd].map(of);
  expect(new Set(files).size).toBe(files.length);
  for (const file of files) {
    expect(file).toMatch(/^[\p{L}\p{M}\p{N}_-][^\p{Cc}:|*?<>"\\]*$/u);
    expect(file.split('/')).not.toContain('..');
    for (const part of file.split('/')) expect(Buffer.byteLength(part)).toBeLessThan(200);
  }
});
