import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { tinyBackbone, tinyEmbedding, tinyTokenizer } from '../experiment/tiny-parts.test.fixture.js';
import { nameTokens, templateTokens } from '../model/template-tokens.js';
import { FrozenLabels } from './frozen-labels.js';

const before = tf.memory().numTensors;
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe('FrozenLabels', () => {
  it('embeds the names class after class, underscores as spaces, and gives tensors that the caller owns', () => {
    const labels = new FrozenLabels(tinyBackbone(), ['tabby_cat', 'dog']);
    const current = labels.labels();
    expect(current.lengths).toEqual([2, 1]);
    const expected = ['tabby', 'cat', 'dog'].flatMap((word) => tinyTokenizer.encode(word)).map(tinyEmbedding);
    current.names
      .arraySync()
      .flat()
      .forEach((value, index) => expect(value).toBeCloseTo(expected.flat()[index]!, 5));
    current.names.dispose();
    const again = labels.anchors();
    expect(again.names.isDisposed).toBe(false);
    tf.dispose(again.names);
    labels.dispose();
  });

  it('takes other classes', () => {
    const labels = new FrozenLabels(tinyBackbone(), ['dog']);
    const others = labels.withClasses(['cow', 'grey_seal']);
    expect(others.classNames).toEqual(['cow', 'grey_seal']);
    labels.dispose();
    const { lengths, names } = others.labels();
    expect(lengths).toEqual([1, 2]);
    tf.dispose(names);
    others.dispose();
  });
});

describe('templateTokens', () => {
  it('gives the tokens before and after the name', () => {
    const { encode } = tinyTokenizer;
    expect(templateTokens(tinyTokenizer, 'a photo of a {}, a pet.')).toEqual({
      before: encode('a photo of a'),
      after: encode(', a pet.'),
    });
    expect(templateTokens(tinyTokenizer, '{}')).toEqual({ before: [], after: [] });
  });

  it.each([
    ['a photo.', 'The template "a photo." has no {} where the class name goes; it needs exactly one.'],
    ['{} and {}', 'The template "{} and {}" has 2 {} where the class name goes; it needs exactly one.'],
  ])('refuses %s', (template, message) => {
    expect(() => templateTokens(tinyTokenizer, template)).toThrow(message);
  });
});

describe('nameTokens', () => {
  it('refuses a name without a token', () => {
    expect(() => nameTokens(tinyTokenizer, ['cat', '_'])).toThrow('The name "_" of class 1 has no tokens.');
  });
});
