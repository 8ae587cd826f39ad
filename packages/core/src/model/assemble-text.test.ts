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
