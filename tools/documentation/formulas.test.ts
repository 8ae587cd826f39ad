import { describe, expect, it } from 'vitest';
import { faultsOf, faultsOfFormulas, formulasOf } from './formulas.js';
import { packagePages, pages } from './pages.js';

it.each(pages)('the formulas of $path render', ({ text }) => {
  expect(faultsOfFormulas(text)).toEqual([]);
});

it('the package of each paper has formulas', () => {
  const without = packagePages.filter(
    ({ folder, text }) => folder.includes('/method-') && formulasOf(text).length === 0,
  );
  expect(without.map(({ path }) => path)).toEqual([]);
});

describe('a fault is found:', () => {
  it.each([
    ['an unknown command', String.raw`\fraq{1}{2}`, /Undefined control sequence/],
    ['an open brace', String.raw`\frac{1}{2`, /expected/],
    ['a $ within', String.raw`a $ b`, /a \$/],
    ['a command that lost its backslash', String.raw`frac{1}{2}`, /frac without a backslash/],
    ['a function that lost its backslash', String.raw`p = exp(x)`, /exp without a backslash/],
    ['a narrow space that lost its backslash', String.raw`\mathrm{softmax}!\left(x\right)`, /}! without/],
    ['an underscore that lost its backslash', String.raw`[,_,, W_{i+1}]`, /\[, without/],
  ])('%s', (_, formula, fault) => {
    expect(faultsOf(formula).join('\n')).toMatch(fault);
    expect(faultsOfFormulas(`# Page\n\n\`\`\`math\n${formula}\n\`\`\`\n`)).not.toEqual([]);
  });

  it.each([
    ['a formula in a sentence', 'The context $c$ is learned.'],
    ['one in a list, a table or a link', '- a $x$\n\n| $y$ |\n| --- |\n| [z $z$](#z) |'],
    ['a stray $$ at the end', 'The end.\n$$\n'],
    ['an escaped one', String.raw`It costs 5 \$.`],
  ])('%s', (_, text) => {
    expect(faultsOfFormulas(text)).not.toEqual([]);
  });

  it('and none in code', () => {
    expect(faultsOfFormulas('`$HOME` is\n\n```sh\necho "$HOME"\n```\n\n| `$X` |\n| --- |\n| 1 |\n')).toEqual([]);
    expect(faultsOf(String.raw`L = -\log p(y \mid x), \quad f'_{y_b},\, \mathrm{LN}\big(A\big)`)).toEqual([]);
  });
});
