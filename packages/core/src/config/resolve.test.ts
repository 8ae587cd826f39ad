import { describe, expect, it } from 'vitest';
import { canonicalJson, configurationHash, decisive, toYaml } from './canonical.js';
import { defineConfiguration, type Configuration } from './configuration.js';
import { defaultPlugins } from '../plugin/load-plugins.js';
import { fakeRegistry } from './fake-plugins.test.fixture.js';
import { resolveConfiguration } from './resolve.js';
import { parseConfiguration } from './source.js';

const registry = fakeRegistry();
const resolve = (configuration: Configuration, overrides: readonly string[] = []) =>
  resolveConfiguration(configuration, { registry, overrides });
const resolveYaml = (text: string) => resolveConfiguration(parseConfiguration(text, 'config.yaml'), { registry });

describe('resolveConfiguration', () => {
  it('fills in every default', () => {
    expect(resolve({ dataset: 'emoji/animals' })).toEqual({
      plugins: defaultPlugins,
      backbone: { use: 'clip', checkpoint: 'icons' },
      dataset: { use: 'emoji/animals', shots: 16, classes: 'all' },
      prompt: { use: 'none' },
      labels: { use: 'frozen' },
      head: { use: 'cosine' },
      tuning: { use: 'none' },
      losses: [{ use: 'cross-entropy', weight: 1, labelSmoothing: 0 }],
      gradients: { use: 'sum' },
      train: expect.objectContaining({ epochs: 5, batch: 4, learningRate: 0.0035, momentum: 0.9, weightDecay: 5e-4 }),
      evaluate: { batch: 100 },
      protocol: { use: 'few-shot' },
      tracker: { use: 'local' },
      seed: 1,
      runtime: { backend: 'auto', fast: true, tf32: false, precision: 'float32', imageCacheMegabytes: 128 },
    });
  });

  it('has one key order and is frozen throughout', () => {
    const resolved = resolveYaml('seed: 3\nprompt: { depth: 2, use: comma }\ndataset: { path: x, use: folder }\n');
    expect(Object.keys(resolved)).toEqual(
      'plugins backbone dataset prompt labels head tuning losses gradients train evaluate protocol tracker seed runtime'.split(
        ' ',
      ),
    );
    expect(JSON.stringify(resolved.dataset)).toBe(
      '{"use":"folder","shots":16,"classes":"all","path":"x","split":[50,20,30]}',
    );
    expect(JSON.stringify(resolved.prompt)).toBe(
      '{"use":"comma","depth":2,"contextLength":2,"variant":"paper","generator":{"reduction":4}}',
    );
    expect(() => {
      (resolved.prompt['generator'] as { reduction: number }).reduction = 8;
    }).toThrow(TypeError);
  });

  it('takes the losses that the chosen parts are trained with, as their options ask', () => {
    const configuration: Configuration = {
      dataset: 'emoji/animals',
      prompt: { use: 'comma', variant: 'released' },
      labels: 'lamm',
    };
    expect(resolve(configuration).losses).toEqual([
      { use: 'cross-entropy', weight: 1, labelSmoothing: 0 },
      { use: 'comma/knowledge', weight: 1, tokens: 'all', lastBlocks: 1 },
      { use: 'lamm/hierarchical', weight: 1, temperature: 2, detached: false },
    ]);
    expect(resolve({ ...configuration, losses: ['cross-entropy'] }).losses).toHaveLength(1);
  });

  it('trains on the classes that the protocol asks for', () => {
    expect(resolve({ dataset: 'emoji/animals', protocol: 'base-to-novel' }).dataset.classes).toBe('base');
    expect(resolve({ dataset: 'emoji/animals', protocol: 'cross-dataset' }).dataset.classes).toBe('all');
    expect(resolve({ dataset: { use: 'emoji/animals', classes: 'novel' } }).dataset.classes).toBe('novel');
  });

  it('expands "default" in the list of plugins', () => {
    expect(resolve({ dataset: 'emoji/animals', plugins: ['default', './mine.mjs'] }).plugins).toHaveLength(
      defaultPlugins.length + 1,
    );
  });
});

describe('presets', () => {
  it('lie under the configuration', () => {
    const resolved = resolve({
      preset: 'comma/cross-dataset',
      dataset: 'emoji/animals',
      prompt: { contextLength: 4 },
      train: { epochs: 9 },
    });
    expect(resolved.prompt).toMatchObject({ use: 'comma', depth: 3, contextLength: 4 });
    expect(resolved.train).toMatchObject({ epochs: 9, learningRate: 0.0026 });
    expect(resolved).not.toHaveProperty('preset');
  });

  it('lose the options of a part that the configuration replaces', () => {
    const resolved = resolve({ preset: 'comma/cross-dataset', dataset: 'emoji/animals', prompt: { use: 'coop' } });
    expect(resolved.prompt).toEqual({ use: 'coop', contextLength: 16, classSpecific: false, namePosition: 'end' });
    expect(resolved.train.learningRate).toBe(0.0026);
  });

  it('have other settings for single data sets, under what the configuration says', () => {
    const of = (configuration: Configuration, overrides: readonly string[] = []) =>
      resolve({ preset: 'comma/by-dataset', ...configuration }, overrides).train;
    expect(of({ dataset: 'emoji/animals' })).toMatchObject({ epochs: 20, learningRate: 0.02 });
    expect(of({ dataset: { use: 'folder', path: 'x' } })).toMatchObject({ epochs: 45, learningRate: 0.02 });
    expect(of({ dataset: 'emoji/animals' }, ['dataset={ use: folder, path: x }'])).toMatchObject({ epochs: 45 });
    expect(of({ dataset: { use: 'folder', path: 'x' }, train: { epochs: 3 } })).toMatchObject({ epochs: 3 });
  });

  it.each<[number | 'all' | undefined, number]>([
    [1, 50],
    [2, 100],
    [4, 100],
    [5, 200],
    [16, 200],
    ['all', 200],
    [undefined, 200],
  ])('have other settings for few shots: %s', (shots, epochs) => {
    const of = (configuration: Configuration, overrides: readonly string[] = []) =>
      resolve({ preset: 'comma/by-shots', ...configuration }, overrides).train;
    const given = shots === undefined ? {} : { shots };
    expect(of({ dataset: { use: 'emoji/animals', ...given } })).toMatchObject({ epochs, batch: 32 });
    const overrides = shots === undefined ? [] : [`dataset.shots=${shots}`];
    expect(of({ dataset: 'emoji/animals' }, overrides)).toMatchObject({ epochs, batch: 32 });
    expect(of({ dataset: { use: 'emoji/animals', ...given }, train: { epochs: 3 } })).toMatchObject({ epochs: 3 });
    const batch = shots === 1 || shots === 2 ? 2 : 8;
    expect(of({ dataset: { use: 'folder', path: 'x', ...given } })).toMatchObject({ epochs, batch });
  });

  it('can be chosen by an override', () => {
    expect(resolve({ dataset: 'emoji/animals' }, ['preset=coop/few-shot']).train).toMatchObject({
      epochs: 50,
      batch: 32,
    });
  });
});

describe('overrides', () => {
  const base = defineConfiguration({
    dataset: 'emoji/animals',
    prompt: { use: 'comma', depth: 4 },
    losses: ['cross-entropy', 'comma/knowledge'],
  });

  it.each<[string, string[], object]>([
    ['number', ['train.learningRate=1e-3'], { train: { learningRate: 0.001 } }],
    ['boolean', ['train.augment=false'], { train: { augment: false } }],
    ['text with an equals sign', ['output=runs/a=b'], { output: 'runs/a=b' }],
    ['option of a part', ['prompt.depth=2'], { prompt: { use: 'comma', depth: 2 } }],
    [
      'option within an option',
      ['prompt.generator.reduction=8'],
      { prompt: { depth: 4, generator: { reduction: 8 } } },
    ],
    ['another part', ['prompt.use=coop'], { prompt: { use: 'coop', contextLength: 16 } }],
    ['another part by its name alone', ['prompt=coop'], { prompt: { use: 'coop' } }],
    ['same part again', ['prompt.use=comma'], { prompt: { use: 'comma', depth: 4 } }],
    ['part with options', ['prompt={ use: coop, contextLength: 8 }'], { prompt: { use: 'coop', contextLength: 8 } }],
    ['option before the part', ['prompt.contextLength=8', 'prompt.use=coop'], { prompt: { contextLength: 8 } }],
    ['list', ['losses=[cross-entropy]'], { losses: [{ use: 'cross-entropy' }] }],
    ['entry of a list', ['losses.1=lamm/hierarchical', 'labels=lamm'], { losses: [{}, { use: 'lamm/hierarchical' }] }],
    ['option of an entry', ['losses.1.weight=0.5'], { losses: [{}, { use: 'comma/knowledge', weight: 0.5 }] }],
    ['section', ['train={ epochs: 2, batch: 3 }'], { train: { epochs: 2, batch: 3, momentum: 0.9 } }],
    ['last one wins', ['seed=2', 'seed=3'], { seed: 3 }],
  ])('%s', (_title, overrides, expected) => {
    expect(resolve(base, overrides)).toMatchObject(expected);
  });

  it('leave what they are laid over as it was', () => {
    const before = structuredClone(base);
    resolve(base, ['prompt.depth=2', 'losses.1.weight=3']);
    expect(base).toEqual(before);
  });
});

describe('a configuration as data', () => {
  const yaml = `
preset: comma/base-to-novel
dataset: { use: folder, path: photos, shots: all }
prompt: { use: comma, depth: 4 }
labels: lamm
losses: [cross-entropy, { use: comma/knowledge, weight: 0.5 }, lamm/hierarchical]
train: { warmupLearningRate: 1e-5, evaluateEvery: 1, keep: best }
output: runs/photos
seed: 7
`;
  const fromCode = defineConfiguration({
    seed: 7,
    output: 'runs/photos',
    train: { keep: 'best', evaluateEvery: 1, warmupLearningRate: 0.00001 },
    losses: ['cross-entropy', { weight: 0.5, use: 'comma/knowledge' }, { use: 'lamm/hierarchical' }],
    labels: { use: 'lamm' },
    prompt: { depth: 4, use: 'comma' },
    dataset: { path: 'photos', shots: 'all', use: 'folder' },
    preset: 'comma/base-to-novel',
  });

  it('is the same from YAML and from code', () => {
    expect(JSON.stringify(resolveYaml(yaml))).toBe(JSON.stringify(resolve(fromCode)));
  });

  it('is equal after a round trip through YAML, byte for byte', () => {
    const resolved = resolveYaml(yaml);
    const again = resolveYaml(toYaml(resolved));
    expect(JSON.stringify(again)).toBe(JSON.stringify(resolved));
    expect(configurationHash(again)).toBe(configurationHash(resolved));
    expect(resolveConfiguration(resolved, { registry })).toEqual(resolved);
  });

  it('has an identity that changes with what the result depends on, and with nothing else', () => {
    const hash = (overrides: string[]) => configurationHash(resolve(fromCode, overrides));
    expect(hash([])).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(['output=elsewhere', 'plugins=[default, ./more.mjs]'])).toBe(hash([]));
    expect(hash(['runtime.imageCacheMegabytes=0'])).toBe(hash([]));
    expect(hash(['runtime.fast=false'])).not.toBe(hash([]));
    expect(hash(['runtime.tf32=true'])).not.toBe(hash([]));
    expect(hash(['runtime.precision=bfloat16'])).not.toBe(hash([]));
    expect(hash(['runtime.precision=auto'])).not.toBe(hash(['runtime.precision=bfloat16']));
    const others = [['seed=8'], ['prompt.depth=5'], ['losses.1.weight=1'], ['dataset.shots=4'], ['labels.tokens=all']];
    expect(new Set([[], ...others].map(hash)).size).toBe(6);
  });

  it('refuses bfloat16 of the plain path, which is the reference', () => {
    const both = { ...fromCode, runtime: { fast: false, precision: 'bfloat16' } } as const;
    expect(() => resolve(both, [])).toThrow(/runtime\.precision|plain path/);
    expect(resolve({ ...fromCode, runtime: { fast: false, precision: 'auto' } }, []).runtime.precision).toBe('auto');
  });

  it('keeps the identity that it had before there were TF32 and bfloat16', () => {
    expect(decisive(resolve(fromCode, [])).runtime).toEqual({ backend: 'auto', fast: true });
  });

  it('has one JSON text whatever the order of its keys', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});
