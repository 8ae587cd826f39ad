import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { results } from '../findings/data.mjs';
import { rankCorrelation } from '../findings/rank-correlation.mjs';
import { sectionsOf, withNumbers } from '../findings/sections.mjs';

const page = readFileSync(new URL('../../docs/findings.md', import.meta.url), 'utf8');
const words = (text: string): string => text.replaceAll(/[ \n|:-]+/g, ' ').trim();

describe('the study of docs/findings.md', () => {
  it('shows the numbers of its data', () => {
    expect(words(page)).toBe(words(withNumbers(page)));
  });

  it('shows every study that has data, but for settings', () => {
    const studies = readdirSync(results).map((name) => name.replace('.csv', ''));
    const shown = sectionsOf(page).map((name) => name.split(' ')[0]!);
    expect(shown).toEqual(expect.arrayContaining(studies.filter((name) => !name.startsWith('settings'))));
  });

  it('has data that are small', () => {
    const sizes = readdirSync(results).map((name) => statSync(new URL(name, results)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5e6);
  });

  it('has a rank correlation with an exact p-value', () => {
    // By hand: ranks 1 2 3 4 and 2 1 3 4, Σ d² = 2, 1 − 6 · 2 / (4 · 15) = 0.8; of 24 orders 4 are at 0.8 or above, and 4 at −0.8 or below.
    const { rho, p } = rankCorrelation([1, 5, 10, 20], [2, 1, 3, 9]);
    expect(rho).toBeCloseTo(0.8, 12);
    expect(p).toBeCloseTo(8 / 24, 12);
    expect(rankCorrelation([1, 2, 3], [6, 5, 5]).rho).toBeCloseTo(-Math.sqrt(3) / 2, 12); // equal values share a rank
  });
});
