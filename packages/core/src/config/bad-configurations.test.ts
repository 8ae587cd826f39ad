import { describe, expect, it } from 'vitest';
import { fakeRegistry } from './fake-plugins.test.fixture.js';
import { InvalidConfigurationError } from './problems.js';
import { errorOf, messageOf } from './refusal.test.support.js';
import { resolveConfiguration } from './resolve.js';
import { parseConfiguration } from './source.js';

const registry = fakeRegistry();

/** What is wrong, the file, and all that the error says. */
const badFiles: readonly (readonly [string, string, string])[] = [
  ['empty file', '', 'config.yaml:1:1: expected a mapping such as "dataset: { use: … }", received nothing'],
  [
    'a list instead of a mapping',
    '- prompt: comma\n',
    'config.yaml:1:1: expected a mapping such as "dataset: { use: … }", received a list of 1',
  ],
  [
    'a word instead of a mapping',
    'comma\n',
    'config.yaml:1:1: expected a mapping such as "dataset: { use: … }", received "comma"',
  ],
  ['duplicate key', 'dataset: emoji/animals\nseed: 1\nseed: 2\n', 'config.yaml:3:1: the key `seed` is given twice'],
  [
    'duplicate key within a section',
    'dataset: emoji/animals\ntrain:\n  batch: 4\n  batch: 8\n',
    'config.yaml:4:3: the key `batch` is given twice',
  ],
  [
    'tab as indentation',
    'dataset: emoji/animals\ntrain:\n	batch: 4\n',
    'config.yaml:3:1: a tab cannot indent YAML; use spaces',
  ],
  [
    'bracket that is not closed',
    'dataset: emoji/animals\nlosses: [cross-entropy\n',
    'config.yaml:3:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['quote that is not closed', 'dataset: "emoji/animals\n', 'config.yaml:2:1: not valid YAML: Missing closing "quote'],
  [
    'two documents',
    'dataset: emoji/animals\n---\nseed: 2\n',
    'config.yaml:2:1: a second document starts here (---); a configuration is one document',
  ],
  ['alias without anchor', 'dataset: emoji/animals\nprompt: *best\n', 'config.yaml:2:9: there is no anchor &best'],
  [
    'unknown tag',
    'dataset: emoji/animals\nseed: !number 3\n',
    'config.yaml:2:7: not valid YAML: Unresolved tag: !number',
  ],
  [
    'no data set',
    'prompt: comma\n',
    'config.yaml:1:1: dataset: missing; expected the name of a data set (emoji/animals, folder)',
  ],
  [
    'data set without a name',
    'dataset: { shots: 4 }\n',
    'config.yaml:1:1: dataset.use: missing; expected the name of a data set (emoji/animals, folder)',
  ],
  [
    'unknown data set',
    'dataset: emoji/animal\n',
    'config.yaml:1:1: dataset.use: there is no data set called "emoji/animal". Did you mean `emoji/animals`?',
  ],
  [
    'unknown data set, nothing near',
    'dataset: { use: imagenet }\n',
    'config.yaml:1:12: dataset.use: there is no data set called "imagenet". There are: emoji/animals, folder.',
  ],
  [
    'unknown backbone',
    'dataset: emoji/animals\nbackbone: { use: clap }\n',
    'config.yaml:2:13: backbone.use: there is no backbone called "clap". Did you mean `clip`?',
  ],
  [
    'unknown prompt learner',
    'dataset: emoji/animals\nprompt: { use: comaa, depth: 4 }\n',
    'config.yaml:2:11: prompt.use: there is no prompt learner called "comaa". Did you mean `comma`?',
  ],
  [
    'unknown prompt learner by its name alone',
    'dataset: emoji/animals\nprompt: promptsrc\n',
    'config.yaml:2:1: prompt.use: there is no prompt learner called "promptsrc". There are: none, coop, comma.',
  ],
  [
    'a label aligner as a prompt learner',
    'dataset: emoji/animals\nprompt: { use: lamm }\n',
    'config.yaml:2:11: prompt.use: there is no prompt learner called "lamm". It is a label aligner: choose it under `labels`.',
  ],
  [
    'a prompt learner as labels',
    'dataset: emoji/animals\nlabels: comma\n',
    'config.yaml:2:1: labels.use: there is no label aligner called "comma". It is a prompt learner: choose it under `prompt`.',
  ],
  [
    'unknown loss',
    'dataset: emoji/animals\nlosses: [cross-entropy, comma/knowlege]\n',
    'config.yaml:2:25: losses.1.use: there is no loss called "comma/knowlege". Did you mean `comma/knowledge`?',
  ],
  [
    'a label aligner as a loss',
    'dataset: emoji/animals\nlosses: [cross-entropy, lamm]\n',
    'config.yaml:2:25: losses.1.use: there is no loss called "lamm". It is a label aligner: choose it under `labels`.',
  ],
  [
    'use is not a string',
    'dataset: emoji/animals\nprompt: { use: 3 }\n',
    'config.yaml:2:11: prompt.use: expected the name of a prompt learner (none, coop, comma), received 3',
  ],
  [
    'a part that is a number',
    'dataset: emoji/animals\nprompt: 3\n',
    'config.yaml:2:1: prompt: expected the name of a prompt learner (none, coop, comma) or a mapping with `use`, received 3',
  ],
  [
    'a part that is a list',
    'dataset: emoji/animals\nprompt: [coop, comma]\n',
    'config.yaml:2:1: prompt: expected the name of a prompt learner (none, coop, comma) or a mapping with `use`, received a list of 2',
  ],
  [
    'a part that is empty',
    'dataset: emoji/animals\nprompt:\n',
    'config.yaml:2:1: prompt: expected the name of a prompt learner (none, coop, comma) or a mapping with `use`, received nothing',
  ],
  [
    'unknown section',
    'dataset: emoji/animals\npromt: comma\n',
    'config.yaml:2:1: promt: unknown section. Did you mean `prompt`?',
  ],
  [
    'unknown section, nothing near',
    'dataset: emoji/animals\nzebra: 1\n',
    'config.yaml:2:1: zebra: unknown section. There are: plugins, preset, backbone, dataset, prompt, labels, head, tuning, losses, gradients, train, evaluate, protocol, tracker, seed, seeds, runtime, output, grid, search.',
  ],
  [
    'option of train at the top',
    'dataset: emoji/animals\nepochs: 5\n',
    'config.yaml:2:1: epochs: unknown section. Did you mean `train.epochs`?',
  ],
  [
    'option in the wrong section',
    'dataset: emoji/animals\ntrain: { shots: 4 }\n',
    'config.yaml:2:10: train.shots: unknown option of train. Did you mean `dataset.shots`?',
  ],
  [
    'misspelt option of a part',
    'dataset: emoji/animals\nprompt:\n  use: coop\n  contextLenght: 4\n',
    'config.yaml:4:3: prompt.contextLenght: unknown option of coop. Did you mean `contextLength`?',
  ],
  [
    'option in snake case',
    'dataset: emoji/animals\ntrain: { learning_rate: 0.1 }\n',
    'config.yaml:2:10: train.learning_rate: unknown option of train. Did you mean `learningRate`?',
  ],
  [
    'option of another method',
    'dataset: emoji/animals\nprompt: { use: coop, variant: paper }\n',
    'config.yaml:2:22: prompt.variant: unknown option of coop. There are: contextLength, classSpecific, namePosition.',
  ],
  [
    'option of another part',
    'dataset: emoji/animals\nlabels: { use: frozen, tokens: all }\n',
    'config.yaml:2:24: labels.tokens: unknown option of frozen. There are: maxTokens.',
  ],
  [
    'option of a part that has none',
    'dataset: emoji/animals\ngradients: { use: sum, tokens: all }\n',
    'config.yaml:2:24: gradients.tokens: unknown option of sum. It has none.',
  ],
  [
    'option without the part that has it',
    'dataset: emoji/animals\nprompt: { depth: 4 }\n',
    'config.yaml:2:11: prompt.depth: unknown option of none. There are: template, templates.',
  ],
  [
    'unknown option within an option',
    'dataset: emoji/animals\nprompt: { use: comma, generator: { reducton: 2 } }\n',
    'config.yaml:2:36: prompt.generator.reducton: unknown option of prompt.generator. Did you mean `reduction`?',
  ],
  [
    'option within an option out of range',
    'dataset: emoji/animals\nprompt: { use: comma, generator: { reduction: 1 } }\n',
    'config.yaml:2:36: prompt.generator.reduction: expected a number above 1, received 1',
  ],
  [
    'text for a whole number',
    'dataset: emoji/animals\ntrain: { batch: four }\n',
    'config.yaml:2:10: train.batch: expected a whole number, received "four"',
  ],
  [
    'fraction for a whole number',
    'dataset: emoji/animals\nprompt: { use: coop, contextLength: 4.5 }\n',
    'config.yaml:2:22: prompt.contextLength: expected a whole number, received 4.5',
  ],
  [
    'zero where at least one',
    'dataset: emoji/animals\ntrain: { batch: 0 }\n',
    'config.yaml:2:10: train.batch: expected a number of at least 1, received 0',
  ],
  [
    'above the largest value',
    'dataset: emoji/animals\nprompt: { use: comma, depth: 13 }\n',
    'config.yaml:2:23: prompt.depth: expected a number of at most 12, received 13',
  ],
  [
    'rate of zero',
    'dataset: emoji/animals\ntrain: { learningRate: 0 }\n',
    'config.yaml:2:10: train.learningRate: expected a number above 0, received 0',
  ],
  [
    'momentum of one',
    'dataset: emoji/animals\ntrain: { momentum: 1 }\n',
    'config.yaml:2:10: train.momentum: expected a number below 1, received 1',
  ],
  [
    'infinite rate',
    'dataset: emoji/animals\ntrain: { learningRate: .inf }\n',
    'config.yaml:2:10: train.learningRate: expected a finite number, received Infinity',
  ],
  [
    'not a number',
    'dataset: emoji/animals\ntrain: { weightDecay: .nan }\n',
    'config.yaml:2:10: train.weightDecay: expected a finite number, received NaN',
  ],
  [
    'misspelt optimizer',
    'dataset: emoji/animals\ntrain: { optimizer: adamm }\n',
    'config.yaml:2:10: train.optimizer: expected sgd, adam or adamw, received "adamm". Did you mean `adam`?',
  ],
  [
    'unknown schedule',
    'dataset: emoji/animals\ntrain: { schedule: linear }\n',
    'config.yaml:2:10: train.schedule: expected cosine, cosine-steps or constant, received "linear"',
  ],
  [
    'yes for true',
    'dataset: emoji/animals\ntrain: { augment: yes }\n',
    'config.yaml:2:10: train.augment: expected true or false, received "yes"',
  ],
  [
    'list for a string',
    'dataset: emoji/animals\nbackbone: { use: clip, checkpoint: [16] }\n',
    'config.yaml:2:24: backbone.checkpoint: expected a string, received a list of 1',
  ],
  [
    'null for a string',
    'dataset: emoji/animals\nbackbone: { use: clip, checkpoint: }\n',
    'config.yaml:2:24: backbone.checkpoint: expected a string, received nothing',
  ],
  [
    'mapping for a number',
    'dataset: emoji/animals\nseed: { value: 1 }\n',
    'config.yaml:2:1: seed: expected a whole number, received a mapping',
  ],
  [
    'section that is a number',
    'dataset: emoji/animals\ntrain: 5\n',
    'config.yaml:2:1: train: expected a mapping, received 5',
  ],
  [
    'section that is empty',
    'dataset: emoji/animals\ntrain:\n',
    'config.yaml:2:1: train: expected a mapping, received nothing',
  ],
  [
    'required option missing',
    'dataset: { use: folder }\n',
    'config.yaml:1:1: dataset.path: missing; expected a string',
  ],
  [
    'list that is too short',
    'dataset: { use: folder, path: photos, split: [50, 50] }\n',
    'config.yaml:1:39: dataset.split: expected at least 3 entries, received a list of 2',
  ],
  [
    'wrong entry of a list',
    'dataset: { use: folder, path: photos, split: [50, 20, rest] }\n',
    'config.yaml:1:55: dataset.split.2: expected a number, received "rest"',
  ],
  [
    'shots of zero',
    'dataset: { use: emoji/animals, shots: 0 }\n',
    'config.yaml:1:32: dataset.shots: expected a number of at least 1, received 0',
  ],
  [
    'shots by an unknown word',
    'dataset: { use: emoji/animals, shots: many }\n',
    'config.yaml:1:32: dataset.shots: expected a number or all, received "many"',
  ],
  [
    'unknown classes',
    'dataset: { use: emoji/animals, classes: new }\n',
    'config.yaml:1:32: dataset.classes: expected all, base or novel, received "new"',
  ],
  [
    'negative seed',
    'dataset: emoji/animals\nseed: -1\n',
    'config.yaml:2:1: seed: expected a number of at least 0, received -1',
  ],
  [
    'unknown protocol',
    'dataset: emoji/animals\nprotocol: base-to-new\n',
    'config.yaml:2:1: protocol.use: there is no protocol called "base-to-new". Did you mean `base-to-novel`?',
  ],
  [
    'unknown data set among the targets of a protocol',
    'dataset: emoji/animals\nprotocol: { use: cross-dataset, targets: [emoji/animal] }\n',
    'config.yaml:2:1: protocol: there is no data set called "emoji/animal". Did you mean `emoji/animals`?',
  ],
  [
    'target of a protocol without the option that it needs',
    'dataset: emoji/animals\nprotocol: { use: cross-dataset, targets: [folder] }\n',
    'config.yaml:2:1: protocol: data set folder: path: missing; expected a string',
  ],
  [
    'a learner where nothing is to be trained',
    'dataset: emoji/animals\nprompt: comma\nprotocol: zero-shot\n',
    'config.yaml:3:1: protocol: zero-shot trains nothing, but comma learns. Use few-shot, or parts that learn nothing.',
  ],
  [
    'unknown backend',
    'dataset: emoji/animals\nruntime: { backend: cuda }\n',
    'config.yaml:2:12: runtime.backend: expected auto, tensorflow, wasm or cpu, received "cuda"',
  ],
  [
    'empty output',
    'dataset: emoji/animals\noutput: ""\n',
    'config.yaml:2:1: output: expected at least 1 character, received ""',
  ],
  [
    'no losses',
    'dataset: emoji/animals\nlosses: []\n',
    'config.yaml:2:1: losses: expected at least 1 entry, received an empty list',
  ],
  [
    'losses that are a name',
    'dataset: emoji/animals\nlosses: cross-entropy\n',
    'config.yaml:2:1: losses: expected a list, received "cross-entropy"',
  ],
  [
    'negative weight',
    'dataset: emoji/animals\nlosses: [{ use: cross-entropy, weight: -1 }]\n',
    'config.yaml:2:32: losses.0.weight: expected a number of at least 0, received -1',
  ],
  [
    'option of a loss out of range',
    'dataset: emoji/animals\nlosses:\n  - { use: cross-entropy, labelSmoothing: 1 }\n',
    'config.yaml:3:27: losses.0.labelSmoothing: expected a number below 1, received 1',
  ],
  [
    'loss without a name',
    'dataset: emoji/animals\nlosses: [{ weight: 2 }]\n',
    'config.yaml:2:10: losses.0.use: missing; expected the name of a loss (cross-entropy, sigmoid, comma/knowledge, lamm/hierarchical)',
  ],
  [
    'neither true, false nor target',
    'dataset: emoji/animals\nlabels: lamm\nlosses: [{ use: lamm/hierarchical, detached: 1 }]\n',
    'config.yaml:3:36: losses.0.detached: expected true, false or target, received 1',
  ],
  [
    'loss listed twice',
    'dataset: emoji/animals\nlosses:\n  - cross-entropy\n  - { use: cross-entropy, weight: 2 }\n',
    'config.yaml:4:5: losses.1: the loss cross-entropy is listed twice; give it a weight instead',
  ],
  [
    'hierarchical loss on frozen labels',
    'dataset: emoji/animals\nlosses: [cross-entropy, lamm/hierarchical]\n',
    'config.yaml:2:25: losses.1: the loss "lamm/hierarchical" needs labels that are trained, and the labels are "frozen". Choose other labels (labels.use=lamm), or take the loss out.',
  ],
  [
    'trained classes only, tested on novel ones',
    'dataset: emoji/animals\nprompt: { use: coop, classSpecific: true }\nprotocol: base-to-novel\n',
    'config.yaml:3:1: protocol: base-to-novel tests on other classes than those that were trained, but coop with these options knows the trained classes only. Use few-shot, or another prompt.',
  ],
  [
    'base-to-novel trained on all classes',
    'dataset: { use: emoji/animals, classes: all }\nprotocol: base-to-novel\n',
    'config.yaml:1:32: dataset.classes: base-to-novel trains on the base classes; expected base or nothing, received "all"',
  ],
  [
    'best without evaluations',
    'dataset: emoji/animals\ntrain: { keep: best }\n',
    'config.yaml:2:10: train.keep: best needs evaluations during training; set train.evaluateEvery',
  ],
  [
    'an early stop without evaluations',
    'dataset: emoji/animals\ntrain: { stop: { patience: 2 } }\n',
    'config.yaml:2:10: train.stop: needs evaluations during training; set train.evaluateEvery=1 and train.evaluateOn=val',
  ],
  [
    'an early stop by test images',
    'dataset: emoji/animals\ntrain: { evaluateEvery: 1, evaluateOn: test, stop: { patience: 2 } }\n',
    'config.yaml:2:46: train.stop: needs evaluations on validation images during training; set train.evaluateEvery=1 and train.evaluateOn=val',
  ],
  [
    'unknown preset',
    'preset: comma/base-to-new\ndataset: emoji/animals\n',
    'config.yaml:1:1: preset: there is no preset called "comma/base-to-new". Did you mean `comma/base-to-novel`?',
  ],
  [
    'unknown preset, nothing near',
    'preset: sota\ndataset: emoji/animals\n',
    'config.yaml:1:1: preset: there is no preset called "sota". There are: coop/few-shot, comma/base-to-novel, comma/cross-dataset, comma/by-dataset, comma/by-shots, comma/broken.',
  ],
  [
    'preset that is a list',
    'preset: [comma/base-to-novel]\ndataset: emoji/animals\n',
    'config.yaml:1:1: preset: expected the name of a preset, received a list of 1',
  ],
  [
    'preset with a mistake of its own',
    'preset: comma/broken\ndataset: emoji/animals\n',
    'preset comma/broken: prompt.depth: expected a number of at most 12, received 99',
  ],
  [
    'option laid over another part than the preset has',
    'preset: comma/cross-dataset\ndataset: emoji/animals\nprompt: { use: coop, depth: 3 }\n',
    'config.yaml:3:22: prompt.depth: unknown option of coop. There are: contextLength, classSpecific, namePosition.',
  ],
  [
    'a grid for a single run',
    'dataset: emoji/animals\ngrid:\n  seed: [1, 2, 3]\n',
    'config.yaml:2:1: grid: a grid is many experiments; run it with `promptweave sweep`',
  ],
  [
    'a search without a grid',
    'dataset: emoji/animals\nsearch: {}\n',
    'config.yaml:2:1: search: a search chooses among the cells of a grid: add a grid, or leave it out',
  ],
  [
    'template without a place for the name',
    'dataset: emoji/animals\nprompt: { use: none, template: a photo. }\n',
    'config.yaml:2:22: prompt.template: expected exactly one {} where the class name goes, received "a photo."',
  ],
  [
    'template and templates',
    'dataset: emoji/animals\nprompt: { use: none, template: "a {}.", templates: ["the {}."] }\n',
    'config.yaml:2:41: prompt.templates: template and templates exclude each other',
  ],
  [
    'no templates',
    'dataset: emoji/animals\nprompt: { use: none, templates: [] }\n',
    'config.yaml:2:22: prompt.templates: expected at least 1 entry, received an empty list',
  ],
  [
    'several problems at once',
    'dataset: emoji/animals\nseed: one\nprompt:\n  use: coop\n  contextLenght: 4\n  namePosition: back\ntrain: { batch: 0 }\n',
    '4 problems:\n  config.yaml:2:1: seed: expected a whole number, received "one"\n  config.yaml:5:3: prompt.contextLenght: unknown option of coop. Did you mean `contextLength`?\n  config.yaml:6:3: prompt.namePosition: expected end, middle or front, received "back"\n  config.yaml:7:10: train.batch: expected a number of at least 1, received 0',
  ],
];

describe('a bad configuration file', () => {
  it.each(badFiles)('%s', (_title, text, message) => {
    const resolve = () => resolveConfiguration(parseConfiguration(text, 'config.yaml'), { registry });
    expect(messageOf(resolve)).toBe(message);
  });
});

describe('InvalidConfigurationError', () => {
  it('holds every problem with its path and place', () => {
    const text = 'dataset: emoji/animals\nseed: one\ntrain: { batch: 0 }\n';
    const error = errorOf(() => resolveConfiguration(parseConfiguration(text, 'config.yaml'), { registry }));
    expect(error).toBeInstanceOf(InvalidConfigurationError);
    expect((error as InvalidConfigurationError).problems).toEqual([
      {
        path: 'seed',
        message: 'expected a whole number, received "one"',
        place: { source: 'config.yaml', line: 2, column: 1 },
      },
      {
        path: 'train.batch',
        message: 'expected a number of at least 1, received 0',
        place: { source: 'config.yaml', line: 3, column: 10 },
      },
    ]);
    expect((error as InvalidConfigurationError).where).toBe('config.yaml:2:1');
  });

  it('names the path alone for a value from code', () => {
    const resolve = () => resolveConfiguration({ dataset: 'emoji/animals', prompt: { use: 'comaa' } }, { registry });
    expect(messageOf(resolve)).toBe('prompt.use: there is no prompt learner called "comaa". Did you mean `comma`?');
  });
});
