import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { PartContext } from '../contracts/parts.js';
import { hasTextBase, oneTextBase, TextBase, textBaseOptions, type TextBaseChoice } from './text-base.js';

let folder: string;
let asked: string[];
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descriptions-'));
  [asked, told] = [[], []];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A sentence's feature: its length, and 1. */
function base(choice: TextBaseChoice, otherwise?: readonly string[]): TextBase {
  const context = {
    folder,
    classNames: ['sea_horse', 'cat'],
    encodeSentences: (sentences: readonly string[]) => {
      asked.push(...sentences);
      return tf.tensor2d(sentences.map((sentence) => [sentence.length, 1]));
    },
    services: { get: () => ({ info: (message: string) => told.push(message), warn: () => undefined }) },
  } as unknown as PartContext;
  return new TextBase(context, choice, 'raw', otherwise);
}

const rows = (of: TextBase, names: readonly string[]): unknown => {
  const features = of.features(names);
  const values = features.arraySync();
  features.dispose();
  return values;
};

describe('TextBase', () => {
  it('averages templates, before their normalisation or after it', () => {
    const templates = ['{}', 'a {}'];
    expect(rows(base({ templates }), ['cat', 'sea_horse'])).toEqual([
      [4, 1],
      [10, 1],
    ]);
    expect(asked).toEqual(['cat', 'a cat', 'sea horse', 'a sea horse']);
    const [[length, one]] = rows(base({ templates, average: 'directions' }), ['cat']) as [[number, number]];
    expect(length).toBeCloseTo((3 / Math.hypot(3, 1) + 5 / Math.hypot(5, 1)) / 2, 6);
    expect(one).toBeCloseTo((1 / Math.hypot(3, 1) + 1 / Math.hypot(5, 1)) / 2, 6);
  });

  it('keeps underscores where they are wanted, and a name is no pattern', () => {
    base({ templates: ['a {}'], keepUnderscores: true })
      .features(['sea_horse', '$&'])
      .dispose();
    expect(asked).toEqual(['a sea_horse', 'a $&']);
  });

  it('takes the templates that are given where the options have none', () => {
    expect(rows(base({}, ['a {}.']), ['cat'])).toEqual([[6, 1]]);
  });

  it.each(['of.yaml', 'of.json'])('reads descriptions of classes, several or one, from %s', (file) => {
    const text = JSON.stringify({ 'sea horse': ['swims', 'is a fish'], cat: 'purrs', dog: ['barks'] });
    writeFileSync(join(folder, file), text);
    expect(rows(base({ descriptions: file }), ['cat', 'sea_horse'])).toEqual([
      [5, 1],
      [7, 1],
    ]);
    expect(told).toEqual([`${file} describes 1 names that are not among the classes here: "dog".`]);
  });

  it('names classes without a description, and names that are near', () => {
    const described = base({ descriptions: { 'see horse': 'swims', cat: ['purrs'] } });
    expect(() => described.features(['sea_horse', 'cat', 'zebra'])).toThrow(
      '2 of 3 classes have no description: "sea_horse" (there is "see horse"), "zebra".',
    );
  });

  it('a class that is described twice is an error', () => {
    const described = base({ descriptions: { 'sea_horse x': 'one', 'sea horse_x': 'two' } });
    expect(() => described.features(['sea horse x'])).toThrow(/described twice/);
  });

  it.each([
    ['missing.yaml', undefined, /cannot be read/],
    ['list.yaml', '- cat', /no mapping from class names to sentences/],
    ['empty.json', '{"cat": []}', /no mapping from class names to sentences/],
    ['broken.json', '{', /is no JSON/],
    ['broken.yaml', 'a: [', /cannot be read/],
  ])('a file that is wrong is named: %s', (file, text, message) => {
    if (text !== undefined) writeFileSync(join(folder, file), text);
    expect(() => base({ descriptions: file })).toThrow(message);
  });
});

describe('textBaseOptions', () => {
  const schema = oneTextBase(z.strictObject(textBaseOptions('raw')));

  it('templates and descriptions exclude each other', () => {
    expect(schema.safeParse({ templates: ['a {}'], descriptions: { cat: 'x' } }).success).toBe(false);
    expect(schema.safeParse({ templates: ['a cat'] }).success).toBe(false);
    expect(schema.parse({})).toEqual({});
  });

  it('tells whether the text comes from them', () => {
    expect([{}, { templates: ['{}'] }, { descriptions: 'a.yaml' }].map(hasTextBase)).toEqual([false, true, true]);
  });
});
