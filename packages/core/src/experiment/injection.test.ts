import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveConfiguration, type Configuration } from '../config/index.js';
import { ConfigError } from '../errors.js';
import type { PromptLearner } from '../contracts/parts.js';
import { definePlugin, type PromptPlugin } from '../plugin/define-plugin.js';
import { Registry } from '../plugin/registry.js';
import { SERVICES } from '../plugin/services.js';
import { decorate } from './compose-classifier.js';
import { createContainer } from './container.js';
import { createExperiment, disposeBackbones } from './experiment.js';
import { tinyBatch, tinyPipeline, tinyPlugins, type TinyLog } from './tiny-parts.test.fixture.js';
import { TOKENS } from './tokens.js';

const before = tf.memory().numTensors;
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** A program with one more prompt learner, whose `create` is the given one. */
function program(create?: PromptPlugin['create']) {
  const log: TinyLog = { backbones: [], created: [], subsets: [] };
  const asking = definePlugin({
    kind: 'prompt',
    name: 'asking',
    description: 'Asks for services.',
    options: z.strictObject({}),
    properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    create: (context, options) => create!(context, options),
  });
  const registry = new Registry([...tinyPlugins(log), { plugin: asking, module: 'test' }]);
  const container = createContainer(tinyPipeline(log), '/cache');
  const make = (configuration: Configuration = {}) =>
    createExperiment(resolveConfiguration({ backbone: 'tiny', dataset: 'pets', ...configuration }, { registry }), {
      ...{ container, registry, folder: '.' },
    });
  return { container, make };
}

const nothing: PromptLearner = {
  variables: {},
  template: { before: [7], after: [] },
  prompts: () => ({}),
  dispose: () => undefined,
};

function logitsOf(experiment: Awaited<ReturnType<typeof createExperiment>>): number[] {
  const { images, labels } = tinyBatch();
  const predictor = experiment.classifier.predictor();
  const logits = predictor.logits({ images });
  const values = [...logits.dataSync()];
  tf.dispose([images, labels, logits]);
  predictor.dispose();
  return values;
}

describe('a program', () => {
  it('replaces a part: the one that the configuration names is never made', async () => {
    const { container, make } = program(() => {
      throw new Error('was made');
    });
    container.register(TOKENS.configure, {
      useValue: (experiment) => experiment.register(TOKENS.learner, { useValue: nothing }),
    });
    const experiment = await make({ prompt: 'asking' });
    expect(experiment.classifier.parts.learner).toBe(nothing);
    experiment.dispose();
    await disposeBackbones(container);
  });

  it.each(['learner', 'aligner', 'losses', 'backbone'] as const)('puts something around the %s', async (part) => {
    const { container, make } = program();
    const seen: unknown[] = [];
    container.register(TOKENS.configure, {
      useValue: (experiment) =>
        decorate<object>(experiment, TOKENS[part] as never, (inner) => {
          seen.push(inner);
          return new Proxy(inner, {}); // another object that does the same
        }),
    });
    const experiment = await make();
    expect(seen).toHaveLength(1);
    expect(experiment.classifier.parts[part]).not.toBe(seen[0]);
    const plain = program();
    const other = await plain.make();
    expect(logitsOf(experiment)).toEqual(logitsOf(other));
    for (const made of [experiment, other]) made.dispose();
    for (const made of [container, plain.container]) await disposeBackbones(made);
  });

  it('frees the parts where what it puts around one throws', async () => {
    const { container, make } = program();
    container.register(TOKENS.configure, {
      useValue: (experiment) => {
        experiment.resolve(TOKENS.aligner);
        throw new Error('cannot');
      },
    });
    await expect(make()).rejects.toThrow('cannot');
    await disposeBackbones(container);
  });
});

describe('a part', () => {
  it('asks for services by token: random numbers of the run, pipeline, cache folder', async () => {
    const draws: number[][] = [];
    const { container, make } = program(({ services, seed }) => {
      const numbers = tf.tidy(() => [
        ...services.get(SERVICES.random).normal([3], 1, 'mine').dataSync(),
        ...services.get(SERVICES.random).uniform([3], 0.5, 'mine').dataSync(),
      ]);
      draws.push([seed, ...numbers]);
      expect(services.get(SERVICES.cacheFolder)).toBe('/cache');
      expect(typeof services.get(SERVICES.pipeline).batches).toBe('function');
      return nothing;
    });
    for (const seed of [1, 1, 2]) (await make({ prompt: 'asking', seed })).dispose();
    expect(draws[1]).toEqual(draws[0]);
    expect(draws[2]!.slice(1)).not.toEqual(draws[0]!.slice(1));
    await disposeBackbones(container);
  });

  it('logs what a run hears, said before it listens and after', async () => {
    const { container, make } = program(({ services }) => {
      services.get(SERVICES.logger).info('made');
      return nothing;
    });
    const experiment = await make({ prompt: 'asking' });
    const heard: unknown[] = [];
    experiment.log.listen((message) => heard.push(message));
    experiment.log.warn('later');
    expect(heard).toEqual([
      { type: 'note', message: 'made' },
      { type: 'warning', message: 'later' },
    ]);
    experiment.dispose();
    await disposeBackbones(container);
  });

  it('is told the name of a service that there is not', async () => {
    const { container, make } = program(({ services }) => services.get(Symbol('printer')));
    await expect(make({ prompt: 'asking' })).rejects.toThrow(ConfigError);
    await expect(make({ prompt: 'asking' })).rejects.toThrow('the service "printer"');
    await disposeBackbones(container);
  });
});
