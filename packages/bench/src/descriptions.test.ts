import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import { ConfigError, type LossPlugin, type PartialConfiguration } from '@promptweave/core';
import { Registry, resolveConfiguration } from '@promptweave/core/experiment';
import { batchFor, classNames, compose, contextOf, jitter } from '@promptweave/core/testing';
import { maple } from '@promptweave/method-maple';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodPlugins } from './method-plugins.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'descriptions-'));
let backbone: ClipBackbone;
beforeAll(() => {
  backbone = randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
});
afterAll(() => {
  backbone.dispose();
  rmSync(folder, { recursive: true });
});

const TEMPLATE = 'a photo of a {}.';
/** Sentences that say what templates say. */
const said = (...templates: string[]): Record<string, string[]> =>
  Object.fromEntries(
    classNames.map((name) => [name, templates.map((template) => template.replace('{}', name.replaceAll('_', ' ')))]),
  );

const losses: [string, string, PartialConfiguration, (template: string) => PartialConfiguration][] = [
  ['KgCoOp', 'kgcoop/knowledge', {}, (template) => ({ template })],
  ['ProGrad', 'prograd/teacher', {}, (template) => ({ template })],
  ['PromptSRC, texts', 'promptsrc/text', {}, (template) => ({ templates: [template] })],
  ['PromptSRC, logits', 'promptsrc/logits', { mean: 'directions' }, (template) => ({ templates: [template] })],
  ['COMMA', 'comma/knowledge', { tokens: 'eot' }, (template) => ({ template })],
  ['COMMA, two blocks', 'comma/knowledge', { tokens: 'eot', lateBlocks: 2 }, (template) => ({ template })],
];

describe.each(losses)('the teacher of %s', (_, use, options, ofTemplate) => {
  const plugin = methodPlugins.find(({ name }) => name === use) as LossPlugin;

  function lossWith(more: PartialConfiguration): number {
    const context = { ...contextOf(backbone), folder };
    const prompt = { plugin: maple, options: { depth: 2, contextInit: '' } };
    const classifier = compose(context, { prompt, losses: [{ plugin, options: { ...options, ...more } }] });
    jitter(classifier.variables);
    const batch = batchFor(backbone);
    const { total, gradients } = classifier.gradients(batch);
    tf.dispose([{ ...gradients }, { ...batch }]);
    classifier.dispose();
    return total;
  }

  it('takes sentences about the classes as it takes a template that says the same', () => {
    const expected = lossWith(ofTemplate(TEMPLATE));
    expect(lossWith({ descriptions: said(TEMPLATE) })).toBeCloseTo(expected, 5);
    expect(lossWith({ descriptions: said(TEMPLATE, TEMPLATE) })).toBeCloseTo(expected, 5);
    const other = lossWith({ descriptions: said(TEMPLATE, 'art of the {}') });
    expect(Math.abs(other - expected)).toBeGreaterThan(1e-5);
    writeFileSync(join(folder, 'words.json'), JSON.stringify(said(TEMPLATE, 'art of the {}')));
    expect(lossWith({ descriptions: 'words.json' })).toBe(other);
  });

  it('wants them for every class, and either them or templates', () => {
    const { owl: _owl, ...some } = said(TEMPLATE);
    expect(() => lossWith({ descriptions: some })).toThrow(ConfigError);
    expect(() => lossWith({ descriptions: some })).toThrow(/1 of 4 classes have no description: "owl"/);
    const both = { ...options, ...ofTemplate(TEMPLATE), descriptions: said(TEMPLATE) };
    expect(plugin.options.safeParse(both).error?.message).toMatch(/and descriptions exclude each other/);
  });
});

it('COMMA compares the ends of sentences, and is refused for other positions', () => {
  const registry = new Registry(methodPlugins.map((method) => ({ plugin: method, module: 'test' })));
  const configuration = { dataset: 'x', losses: [{ use: 'comma/knowledge', descriptions: said(TEMPLATE) }] };
  expect(() => resolveConfiguration(configuration, { registry })).toThrow(
    /losses\.0\.descriptions: sentences have nothing but their end in common; take tokens: eot/,
  );
});
