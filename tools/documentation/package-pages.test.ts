import { describe, expect, it } from 'vitest';
import { saysHowToInstall, showsUse, workspaceOnly } from './package-pages.js';
import { packagePages } from './pages.js';

describe.each(packagePages)('$path is whole by itself', (page) => {
  it('names no command and no place that the repository alone has', () => {
    expect(workspaceOnly(page.text)).toEqual([]);
  });

  it('says how to install the package and how to use it', () => {
    expect(page.text).toMatch(new RegExp(`^# ${page.name}\n`));
    expect(saysHowToInstall(page)).toBe(true);
    expect(showsUse(page.text)).toBe(true);
  });
});

describe('a fault is found:', () => {
  it.each([
    ['`npm run pretrain`'],
    ['```\nnpm ci && npm test\n```'],
    ['`npx vitest run --project core`'],
    ['```\nnpx promptweave verify packages/bench/fixtures/given\n```'],
    ['```sh\nnode tools/ci/kills.mjs\n```'],
    ['`npx promptweave train examples/photos.yaml`'],
    ['| a |\n| --- |\n| `src/plain/` |'],
    ['`../shared/golden`'],
  ])('%j', (text) => {
    expect(workspaceOnly(text)).toHaveLength(1);
  });

  it.each([
    ['no installation', '# a\n\n`npm install a`'],
    ['that of another package', '```\nnpm install ab   # a\n```'],
  ])('%s', (_, text) => {
    expect(saysHowToInstall({ path: 'a/README.md', folder: 'a', name: 'a', text })).toBe(false);
  });

  it('and none in what npm brings', () => {
    expect(workspaceOnly('`npx promptweave train photos.yaml`, `runs/photos`, `import x from "./mine.js"`')).toEqual(
      [],
    );
    const text = '```\nnpm install b a\n```';
    expect(saysHowToInstall({ path: 'a/README.md', folder: 'a', name: 'a', text })).toBe(true);
    expect(showsUse(text)).toBe(false);
  });
});
