import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { results } from '../findings/data.mjs';
import { sections } from '../findings/sections.mjs';

const page = readFileSync(new URL('../../docs/findings.md', import.meta.url), 'utf8');
const words = (text: string): string => text.replaceAll(/[ \n|:-]+/g, ' ').trim();

describe('the study of docs/findings.md', () => {
  it.each(Object.keys(sections))('shows the numbers of its data: %s', (name) => {
    const shown = page.split(`<!-- numbers: ${name} -->`)[1]?.split('<!-- end -->')[0];
    expect(words(shown ?? '')).toBe(words(sections[name]!()));
  });

  it('has data that are small', () => {
    const sizes = readdirSync(results).map((name) => statSync(new URL(name, results)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5e6);
  });
});
