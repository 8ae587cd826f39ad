import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import { tinyBackbone } from '../experiment/tiny-parts.test.fixture.js';
import { assembleText } from './assemble-text.js';
import { templateTokens } from './template-tokens.js';

const tiny = tinyBackbone();
const backbone = { ...tiny, shape: { ...tiny.shape, text: { ...tiny.shape.text, contextLength: 10 } } };
const template = templateTokens(backbone.tokenizer, 'a photo of a {}.');
const classNames = ['cat', 'one two three four five'];

function assemble(maxTokens?: number) {
  const labels = new FrozenLabels(backbone, classNames, maxTokens);
  const text = assembleText(backbone, { template, labels: labels.labels(), classNames });
  const prefix = text.prefix.shape[0];
  tf.dispose([text.prefix, text.branches]);
  labels.dispose();
  return { ...text, prefix };
}

describe('prompts that are too long for the text tower', () => {
  it('are refused by the name of the class', () => {
    // start + 4 words + 5 name tokens + full stop + end
    expect(() => assemble()).toThrow(
      'The prompt of "one two three four five" has 12 tokens, but the text tower takes 10.',
    );
  });

  it('are cut on request', () => {
    const { roles, lengths, prefix } = assemble(3);
    expect(prefix).toBe(5); // start, a, photo, of, a
    expect(lengths).toEqual([3, 5]); // name, full stop, end
    expect(roles).toEqual([
      { name: [5], stop: 6, end: 7 },
      { name: [5, 6, 7], stop: 8, end: 9 },
    ]);
  });
});

describe('a tower without a start token that is read at its last place', () => {
  const { startId: _, ...tokenizer } = backbone.tokenizer;
  const text = { ...backbone.shape.text, attention: 'full', reads: 'last' } as const;
  const full = { ...backbone, tokenizer, shape: { ...backbone.shape, text } };

  it('has room for one token more, and its rows begin with the words', () => {
    const labels = new FrozenLabels(full, classNames, 3);
    const parts = { template, labels: labels.labels(), classNames };
    const whole = assembleText(full, parts);
    expect(whole.prefix.shape[0]).toBe(4); // a, photo, of, a
    expect(whole.lengths).toEqual([3, 5]);
    expect(whole.roles).toEqual([
      { name: [4], stop: 5, end: 9 },
      { name: [4, 5, 6], stop: 7, end: 9 },
    ]);
    const alone = assembleText(full, { ...parts, template: { before: [], after: [] } });
    expect(alone.prefix.shape).toEqual([0, full.shape.text.width]);
    expect(alone.lengths).toEqual([2, 4]);
    tf.dispose([whole.prefix, whole.branches, alone.prefix, alone.branches, parts.labels.names]);
    labels.dispose();
  });
});
