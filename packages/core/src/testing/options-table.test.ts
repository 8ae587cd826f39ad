import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { optionsTable } from './options-table.js';

describe('the table of options', () => {
  it('has values, default and meaning of every option', () => {
    const options = z.strictObject({
      depth: z.int().min(1).default(9).describe('Depth J.'),
      share: z.number().min(0).lt(1).default(0.5).describe('A share | part.'),
      words: z.string().optional().describe('Words.'),
      where: z.enum(['end', 'front']).default('end').describe('Place.'),
      both: z.boolean().default(false).describe('Both.'),
      names: z.array(z.string()).optional().describe('Names.'),
    });
    expect(optionsTable(options).split('\n')).toEqual([
      '| option | values | default | meaning |',
      '| --- | --- | --- | --- |',
      '| `depth` | integer ≥ 1 | `9` | Depth J. |',
      '| `share` | number ≥ 0, < 1 | `0.5` | A share \\| part. |',
      '| `words` | string | – | Words. |',
      '| `where` | `"end"`, `"front"` | `"end"` | Place. |',
      '| `both` | boolean | `false` | Both. |',
      '| `names` | array | – | Names. |',
    ]);
  });

  it('says so where there are no options', () => {
    expect(optionsTable(z.strictObject({}))).toBe('It has no options.');
  });
});
