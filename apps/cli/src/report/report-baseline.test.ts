import type { Study } from '@promptweave/bench';
import { describe, expect, it } from 'vitest';
import { baselineOf } from './report-baseline.js';

const row = (labels: string[], parameters?: number) => ({ labels, values: {}, cells: [], figures: {}, parameters });
const study: Study = {
  ...{
    name: 's',
    protocol: 'few-shot',
    folder: 'f',
    figures: [],
    kinds: new Map(),
    cells: [],
    seeds: [],
    failures: [],
    damaged: [],
  },
  axes: ['prompt.use', 'labels.use'],
  rows: [row(['none', 'frozen'], 0), row(['coop', 'lamm'], 8), row(['maple', 'frozen'])],
};

describe('--baseline', () => {
  it('is read as labels', () => {
    expect(baselineOf(study, [])).toBeUndefined();
    expect(baselineOf(study, ['prompt.use=coop', 'labels.use=lamm'])).toEqual({
      'prompt.use': 'coop',
      'labels.use': 'lamm',
    });
  });

  it.each([
    ['prompt.used=coop', 'Did you mean prompt.use?'],
    ['prompt.use=cop', 'prompt.use=none, prompt.use=coop, prompt.use=maple'],
    ['coop', 'It has prompt.use, labels.use.'],
    ['prompt.use=maple', 'finish the sweep first'],
  ])('says what is wrong with %s', (word, remedy) => {
    expect(() => baselineOf(study, [word])).toThrow(
      expect.objectContaining({ name: 'ConfigError', remedy: expect.stringContaining(remedy) as string }) as Error,
    );
  });
});
