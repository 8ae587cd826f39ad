import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfiguration, toYaml, resolveConfiguration } from '../config/index.js';
import { createContainer } from '../experiment/container.js';
import { createExperiment } from '../experiment/experiment.js';
import { tinyBatch, tinyPipeline, tinyPlugins, type TinyLog } from '../experiment/tiny-parts.test.fixture.js';
import { ConfigError } from '../errors.js';
import { loadPlugins } from './load-plugins.js';
import { Registry } from './registry.js';
import { emptyProject, installEcho, write } from './third-party.test.fixture.js';

let project: string;
beforeAll(async () => {
  project = await emptyProject();
  await installEcho(project);
});
afterAll(() => rm(project, { recursive: true }));

/** A module with one plugin that is right, but for what `change` says. */
const module = (change: string) => `
const shape = {};
const options = { _zod: { def: { type: 'object' } }, shape, safeExtend: () => options };
export const plugins = [
  { kind: 'loss', name: 'hum', description: 'A hum.', options, create: () => ({}), ${change} },
];
`;

describe('a package that lives outside the workspace', () => {
  const log: TinyLog = { backbones: [], created: [], subsets: [] };

  it('is found from the folder of the configuration, described and resolved as our own', async () => {
    const registry = await loadPlugins(['promptweave-echo'], project);
    expect(registry.names('prompt')).toEqual(['none', 'echo']);
    expect(registry.presets().map(({ name }) => name)).toEqual(['echo/loud']);
    expect(registry.entries.at(-1)!.module).toBe('promptweave-echo');
  });

  it('has its unknown options refused, though its own schema is not strict', async () => {
    const registry = await loadPlugins(['promptweave-echo'], project);
    const resolve = () => resolveConfiguration({ prompt: { use: 'echo', volme: 3 } }, { registry });
    expect(resolve).toThrow('prompt.volme: unknown option of echo. Did you mean `volume`?');
  });

  it('trains in an experiment beside core and other plugins', async () => {
    const loaded = await loadPlugins(['promptweave-echo'], project);
    const echo = loaded.entries.filter((entry) => entry.module === 'promptweave-echo');
    const registry = new Registry([...echo, ...tinyPlugins(log)]);
    const configuration = resolveConfiguration(
      { preset: 'echo/loud', backbone: 'tiny', dataset: 'pets' },
      { registry },
    );
    const before = tf.memory().numTensors;
    const experiment = await createExperiment(configuration, {
      container: createContainer(tinyPipeline(log)),
      registry,
      folder: project,
    });
    const { images, labels } = tinyBatch();
    expect(experiment.classifier.variables['ctx']!.dataSync()).toEqual(new Float32Array([11, 11, 11]));
    const outcome = experiment.classifier.gradients({ images, labels });
    expect(Object.keys(outcome.gradients)).toEqual(['ctx']);
    expect(Math.hypot(...outcome.gradients['ctx']!.dataSync())).toBeGreaterThan(0);
    tf.dispose([images, labels, outcome.gradients]);
    experiment.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is loaded from a configuration file together with a local file', async () => {
    await write(project, 'hum.mjs', module(''));
    await write(project, 'pets.mjs', module("kind: 'dataset', name: 'pets'").replace('loss', 'dataset'));
    await write(project, 'clip.mjs', module("kind: 'backbone', name: 'clip'"));
    const registry = await loadPlugins(['promptweave-echo', './hum.mjs', './pets.mjs', './clip.mjs'], project);
    expect(registry.find('loss', 'hum')!.description).toBe('A hum.');
    expect(registry.find('dataset', 'pets')).toBeDefined();
  });
});

describe('loadConfiguration', () => {
  it('reads a file, loads its plugins from its folder, applies overrides, and gives what the YAML of the result gives', async () => {
    await write(
      project,
      'node_modules/promptweave-pets/index.js',
      `import { definePlugin } from '@promptweave/core';
       import { z } from 'zod';
       const create = () => { throw new Error('not made here'); };
       const options = z.strictObject({ size: z.int().default(2).describe('Pixels.') });
       export const plugins = [
         definePlugin({ kind: 'dataset', name: 'pets', description: 'Pets.', options, create }),
         definePlugin({ kind: 'backbone', name: 'clip', description: 'A backbone.', options, create }),
       ];`,
    );
    await write(
      project,
      'node_modules/promptweave-pets/package.json',
      '{ "name": "promptweave-pets", "type": "module", "exports": "./index.js" }',
    );
    await write(project, 'echo.yaml', 'plugins: [promptweave-echo, promptweave-pets]\ndataset: pets\nprompt: echo\n');
    const { configuration, folder } = await loadConfiguration(join(project, 'echo.yaml'), ['prompt.volume=3']);
    expect(folder).toBe(project);
    expect(configuration.prompt).toEqual({ use: 'echo', volume: 3 });
    await write(project, 'again.yaml', toYaml(configuration));
    const again = await loadConfiguration(join(project, 'again.yaml'));
    expect(JSON.stringify(again.configuration)).toBe(JSON.stringify(configuration));
  });
});

describe('a configuration that lists its own plugins alone', () => {
  const own = async (text: string) => {
    await write(project, 'alone.yaml', text);
    const error: unknown = await loadConfiguration(join(project, 'alone.yaml')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  };
  const hint = "Promptweave's own plugins are not all loaded: for one of those, add `default` to `plugins`.";

  it('is told what to add where one of ours is missing', async () => {
    const message = await own(
      'plugins: [promptweave-echo]\ndataset: emoji/animals\nprompt: coop\npreset: coop/few-shot\n',
    );
    for (const missing of ['prompt learner called "coop"', 'backbone called "clip"', 'preset called "coop/few-shot"']) {
      expect(message.split('\n').find((line) => line.includes(missing))).toContain(hint);
    }
  });

  it('is told so where some of ours are listed', async () => {
    const message = await own(
      'plugins: [promptweave-echo, "@promptweave/method-coop"]\ndataset: folder\nprompt: coop\n',
    );
    expect(message).toContain(`there is no data set called "folder". No loaded plugin provides one. ${hint}`);
  });

  it('is told nothing of it where all of ours are there', async () => {
    expect(await own('plugins: [promptweave-echo, default, promptweave-echo]\nprompt: coops\n')).not.toContain(
      'add `default`',
    );
  });
});

describe('a module that cannot be used', () => {
  it.each<[string, string, string, string?]>([
    ['an unknown package', 'my-eccho-prompts', 'There is no installed package my-eccho-prompts.'],
    [
      'a misspelt package of ours',
      '@promptweave/method-coma',
      'There is no installed package @promptweave/method-coma. Did you mean `@promptweave/method-comma`?',
    ],
    ['a missing file', './nowhere.mjs', 'There is no plugin file ./nowhere.mjs.'],
    [
      'a file that throws',
      './throws.mjs',
      'The plugin module ./throws.mjs failed to load: Error: out of tune',
      "throw new Error('out of tune');",
    ],
    [
      'a file without plugins',
      './none.mjs',
      'The module ./none.mjs exports no array `plugins`.',
      'export const a = 1;',
    ],
    [
      'a plugin that is no object',
      './number.mjs',
      'plugins[0] of the module ./number.mjs is not a plugin: it is not an object.',
      'export const plugins = [1];',
    ],
    [
      'an unknown kind',
      './kind.mjs',
      'plugins[0] of the module ./kind.mjs is not a plugin: kind must be one of backbone, dataset, prompt, labels, head, tuning, gradients, loss, protocol, tracker.',
      module("kind: 'learner'"),
    ],
    [
      'no name',
      './name.mjs',
      'plugins[0] of the module ./name.mjs is not a plugin: name must be a string.',
      module('name: undefined'),
    ],
    [
      'no description',
      './description.mjs',
      'plugins[0] of the module ./description.mjs is not a plugin: description of "hum" must be a string.',
      module('description: undefined'),
    ],
    [
      'no create',
      './create.mjs',
      'plugins[0] of the module ./create.mjs is not a plugin: create of "hum" must be a function.',
      module('create: undefined'),
    ],
    [
      'no properties',
      './properties.mjs',
      'plugins[0] of the module ./properties.mjs is not a plugin: properties of "hum" must be a function.',
      module("kind: 'labels'"),
    ],
    [
      'options that are no schema',
      './options.mjs',
      'plugins[0] of the module ./options.mjs is not a plugin: options of "hum" must be a zod 4 object schema.',
      module('options: { volume: 3 }'),
    ],
    [
      'an option that every loss has',
      './reserved.mjs',
      'plugins[0] of the module ./reserved.mjs is not a plugin: "hum" has an option called weight, which every loss has already.',
      module('').replace('const shape = {}', 'const shape = { weight: {} }'),
    ],
    [
      'the name of a plugin of ours',
      './taken.mjs',
      'Two plugins provide the loss "cross-entropy": @promptweave/core and ./taken.mjs.',
      module("name: 'cross-entropy'"),
    ],
  ])('%s', async (_title, name, message, text) => {
    if (text) await write(project, name, text);
    const error: unknown = await loadPlugins([name], project).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toBe(message);
  });

  it('that brings a preset which another plugin has', async () => {
    await write(project, 'preset.mjs', module("name: 'echo', presets: { loud: {} }"));
    await expect(loadPlugins(['promptweave-echo', './preset.mjs'], project)).rejects.toThrow(
      'Two plugins provide the preset "echo/loud".',
    );
  });

  it.each([
    [
      'plugins: promptweave-echo\n',
      'bad.yaml:1:1: plugins: expected a list of packages and files, received "promptweave-echo"',
    ],
    ['seed: 1\nplugins: [promptweave-echo, 3]\n', 'bad.yaml:2:29: plugins.1: expected a package or a file, received 3'],
    [
      'plugins:\n  - promptweave-echo\n  - promptweave-drum\n',
      'bad.yaml:3:5: plugins.1: There is no installed package promptweave-drum.',
    ],
  ])('is named with its place in %j', async (text, message) => {
    await write(project, 'bad.yaml', text);
    const error: unknown = await loadConfiguration(join(project, 'bad.yaml')).catch((reason: unknown) => reason);
    expect((error as Error).message.replaceAll(`${project}/`, '')).toBe(message);
  });

  it.each(['ts', 'mts', 'cts', 'tsx'])('one in TypeScript (%s) is told how it is loaded', async (end) => {
    await write(project, `mine.${end}`, "throw new Error('unknown here');"); // the runner of tests reads TypeScript
    const error = (await loadPlugins([`./mine.${end}`], project).catch((reason: unknown) => reason)) as ConfigError;
    expect(error).toBeInstanceOf(ConfigError);
    for (const way of ['npx tsc', 'Node.js', '22.18', "NODE_OPTIONS='--import tsx'"])
      expect(error.remedy).toContain(way);
  });

  it('a configuration that is not there', async () => {
    await expect(loadConfiguration('nowhere.yaml')).rejects.toThrow(
      'Cannot read the configuration nowhere.yaml: There is no such file.',
    );
  });
});
