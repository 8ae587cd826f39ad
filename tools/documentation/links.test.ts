import { describe, expect, it } from 'vitest';
import { faultsOfLinks, linksOutOf } from './links.js';
import { packagePages, pages } from './pages.js';

it.each(pages)('the links of $path lead somewhere', (page) => {
  expect(faultsOfLinks(page)).toEqual([]);
});

it.each(packagePages)('the links of $path lead somewhere on npm', (page) => {
  expect(linksOutOf(page)).toEqual([]);
});

describe('a fault is found:', () => {
  const home = 'https://github.com/promptweave/promptweave';

  it.each([
    ['a file that is not there', '[a](docs/nowhere.md)'],
    ['a picture that is not there', '![a](docs/nowhere.svg)'],
    ['a heading that is not there', '[a](docs/sweeps.md#the-grids)'],
    ['a heading that is not in the page itself', '# A\n\n[a](#b)'],
    ['a page of the homepage that is not there', `[a](${home}/blob/main/docs/nowhere.md)`],
    ['a heading of the homepage that is not there', `[a](${home}#nowhere)`],
    ['a link in a table', '| a |\n| --- |\n| [a](nowhere.md) |'],
    ['a link in HTML', '<a href="nowhere.md">a</a>'],
  ])('%s', (_, text) => {
    expect(faultsOfLinks({ path: 'README.md', text })).toHaveLength(1);
  });

  it.each([
    ['out of the package', '[a](../../docs/sweeps.md)'],
    ['to what is not published', '[a](src/index.ts)'],
    ['to the root of the host', '[a](/docs/sweeps.md)'],
    ['that is not encrypted', '[a](http://example.org)'],
  ])('a link %s', (_, text) => {
    const { folder, name } = packagePages.find((page) => page.name === '@promptweave/core')!;
    expect(linksOutOf({ folder, name, path: `${folder}/README.md`, text })).toHaveLength(1);
  });

  it('and none in links that lead somewhere', () => {
    const text = `# The grid\n\n[a](#the-grid) [b](docs/sweeps.md#the-grid) [c](${home}) [d](${home}/tree/main/packages/core#readme)`;
    expect(faultsOfLinks({ path: 'README.md', text: text.replace('#readme', '') })).toEqual([]);
    expect(faultsOfLinks({ path: 'README.md', text: '[a](https://example.org/x#y)' })).toEqual([]);
  });
});
