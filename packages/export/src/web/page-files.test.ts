import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { earlierFiles, LIST, writeList } from './page-files.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'page-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const put = (name: string, text = ''): void => writeFileSync(join(folder, name), text);

it('knows what an earlier export wrote', async () => {
  expect(await earlierFiles(folder, ['index.html'])).toEqual([]);
  await writeList(folder, ['index.html', 'app-1.js', LIST, 'index.html']);
  for (const name of ['index.html', 'app-1.js', 'favicon.ico']) put(name);
  expect(await earlierFiles(folder, ['index.html', 'app-2.js', LIST])).toEqual(['app-1.js', 'index.html', LIST]);
});

it.each([
  '',
  'null',
  '{}',
  '{"format":1,"files":["../x"]}',
  '{"format":1,"files":["/etc/x"]}',
  '{"format":1,"files":[".."]}',
  '{"format":1,"files":[7]}',
  '{"format":2,"files":[]}',
])('takes nothing away where the list says %s', async (text) => {
  put(LIST, text);
  await expect(earlierFiles(folder, ['index.html'])).rejects.toThrow(/something else than an exported page/);
});

it('refuses a folder of something else, and one with a file of the name of a new one', async () => {
  put('index.html', 'mine');
  await expect(earlierFiles(folder, ['index.html'])).rejects.toThrow(/something else/);
  await writeList(folder, ['model.safetensors']);
  await expect(earlierFiles(folder, ['index.html', 'model.safetensors'])).rejects.toThrow(
    /another index.html, which no export/,
  );
  expect(readFileSync(join(folder, 'index.html'), 'utf8')).toBe('mine');
});
