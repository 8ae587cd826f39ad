import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { moduleVersion } from './module-version.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plugin-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return pathToFileURL(join(folder, path)).href;
}

it('of a file of one’s own changes with it, with all that it imports below, and with nothing else', async () => {
  write('package.json', '{ "version": "1.0.0" }');
  const entry = write(
    'mine.js',
    "import { a } from './lib/a.js';\nexport { b } from './b.mjs';\nconst c = await import('./c.js');",
  );
  write('lib/a.js', "import data from '../data.json' with { type: 'json' };\nexport const a = 1;");
  write('b.mjs', "import './mine.js';\nexport const b = 1;"); // a circle
  write('c.js', 'export const c = 1;');
  write('data.json', '{}');
  write('other.js', '1');
  const first = await moduleVersion(entry);
  expect(first).toMatch(/^1\.0\.0\+[0-9a-f]{12}$/);
  write('other.js', '2');
  write('runs/result.json', '{}');
  expect(await moduleVersion(entry)).toBe(first);
  const seen = new Set([first]);
  for (const [path, content] of [
    ['lib/a.js', "import data from '../data.json' with { type: 'json' };\nexport const a = 2;"],
    ['b.mjs', "import './mine.js';\nexport const b = 2;"],
    ['c.js', 'export const c = 2;'],
    ['data.json', '{ "a": 1 }'],
    ['mine.js', "import { a } from './lib/a.js';\nexport const changed = 1;"],
  ] as const) {
    write(path, content);
    seen.add(await moduleVersion(entry));
  }
  expect(seen.size).toBe(6);
});

it('of a file without a package is its content alone', async () => {
  expect(await moduleVersion(write('alone.mjs', 'export const plugins = [];'))).toMatch(/^[0-9a-f]{12}$/);
});

it('of an installed package is its version', async () => {
  write('node_modules/theirs/package.json', '{ "version": "2.3.4" }');
  const entry = write('node_modules/theirs/index.js', "import './inner.js';");
  write('node_modules/theirs/inner.js', '1');
  expect(await moduleVersion(entry)).toBe('2.3.4');
});

it('of code that cannot be read is its content', async () => {
  expect(await moduleVersion(write('odd.js', 'import { from'))).toMatch(/^[0-9a-f]{12}$/);
});
