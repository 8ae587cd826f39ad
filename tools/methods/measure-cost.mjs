/**
 * Measures what a training step of each method costs, and writes tools/methods/cost.json: ViT-B/16 with random weights, 100 classes, 4 images,
 * image features from the store where nothing moves them. Each method has a process of its own, so that its peak memory is its own.
 *
 * The machine has to be quiet. Needs a build. Usage: node tools/methods/measure-cost.mjs [METHOD…]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { randomClip } from '@promptweave/backbone-clip';
import { architectureNamed } from '@promptweave/bench';
import { completeChoice, composeClassifier, defaultPlugins, loadPlugins } from '@promptweave/core/experiment';
import { selectBackend } from '@promptweave/runtime';
import * as tf from '@tensorflow/tfjs-core';

const CLASSES = 100;
const SHOTS = 16;
const none = { prompt: { use: 'none' } };
const oneTemplate = { templates: ['a photo of a {}.'] }; // the teacher is encoded once, which is no part of a step
const promptsrc = [
  { use: 'promptsrc/text', weight: 25, ...oneTemplate },
  { use: 'promptsrc/image', weight: 10 },
  { use: 'promptsrc/logits', weight: 1, ...oneTemplate },
];

/** The methods with the papers' options; `fits` where no optimiser moves anything, `batch` where not 4. */
const choices = {
  'zero-shot': { ...none, fits: true },
  kgcoop: { prompt: { use: 'coop' }, losses: [{ use: 'cross-entropy' }, { use: 'kgcoop/knowledge', weight: 8 }] },
  coop: { prompt: { use: 'coop', contextLength: 16, contextInit: '' } },
  cocoop: { prompt: { use: 'cocoop' }, batch: 1 },
  prograd: { prompt: { use: 'coop', contextLength: 16, contextInit: '' }, gradients: { use: 'prograd' } },
  lamm: { ...none, labels: { use: 'lamm' } },
  tcp: { prompt: { use: 'tcp' } },
  language: { prompt: { use: 'language' } },
  vpt: { prompt: { use: 'vpt' } },
  ivlp: { prompt: { use: 'ivlp' } },
  maple: { prompt: { use: 'maple' } },
  comma: { prompt: { use: 'comma' } },
  promptsrc: {
    prompt: { use: 'ivlp', contextLength: 4, visionLength: 4 },
    losses: [{ use: 'cross-entropy' }, ...promptsrc],
  },
  mmrl: { prompt: { use: 'mmrl' }, head: { use: 'mmrl' } },
  dept: { prompt: { use: 'coop' }, head: { use: 'dept' } },
  lora: { ...none, tuning: { use: 'lora' } },
  'layer-norm': { ...none, tuning: { use: 'layer-norm' } },
  bias: { ...none, tuning: { use: 'bias' } },
  mma: { ...none, tuning: { use: 'mma' } },
  taskres: { ...none, head: { use: 'taskres' } },
  'clip-adapter': { ...none, head: { use: 'clip-adapter' } },
  'tip-adapter': { ...none, head: { use: 'tip-adapter' }, fits: true, keys: true },
  'linear-probe': { ...none, head: { use: 'linear-probe' }, fits: true },
  'lp-plus-plus': { ...none, head: { use: 'lp-plus-plus' }, fits: true },
  'zero-shot-linear-probe': { ...none, head: { use: 'zero-shot-linear-probe' } },
};

const target = new URL('cost.json', import.meta.url);
const [first, second] = process.argv.slice(2);
if (first === '--one') console.log(JSON.stringify(await measure(choices[second])));
else {
  const wanted = first === undefined ? Object.keys(choices) : process.argv.slice(2);
  for (const name of wanted) {
    const words = [fileURLToPath(import.meta.url), '--one', name];
    const printed = execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const known = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : { methods: {} };
    const methods = { ...known.methods, [name]: JSON.parse(printed.trim().split('\n').at(-1)) };
    const sorted = Object.fromEntries(
      Object.keys(choices).flatMap((key) => (methods[key] ? [[key, methods[key]]] : [])),
    );
    const setting = { architecture: 'ViT-B/16', classes: CLASSES, shots: SHOTS, date: today(), processor: processor() };
    writeFileSync(target, `${JSON.stringify({ setting, methods: sorted }, null, 1)}\n`);
    console.log(name, JSON.stringify(methods[name]));
  }
}

async function measure({ fits = false, keys = false, batch = 4, ...choice }) {
  await selectBackend('auto');
  const backbone = randomClip({ seed: 1, ...architectureNamed('ViT-B/16') }, { fast: true, recompute: false });
  const registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
  const method = { labels: { use: 'frozen' }, ...choice };
  const classNames = ['cat', ...Array.from({ length: CLASSES - 1 }, (_, c) => `class ${c}`)]; // the shortest name has one token
  const context = { backbone, classNames, template: 'a photo of a {}.', shots: SHOTS, seed: 1 };
  const classifier = composeClassifier(registry, context, completeChoice(registry, method));
  const cached = classifier.imageFeaturesAreConstant;
  const learned = keys ? SHOTS * CLASSES * backbone.shape.embedding : classifier.learnedNumbers;
  if (fits) return { learned };
  const given = randomBatch(backbone.shape, batch, cached);
  const step = () => tf.dispose(Object.values(classifier.gradients(given, 1).gradients)); // with a seed, so that dropout counts
  step(); // warms up
  const seconds = Array.from({ length: 3 }, () => timed(step)).sort((a, b) => a - b)[1];
  return {
    learned,
    batch,
    cached,
    seconds: Number(seconds.toPrecision(2)),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function randomBatch({ vision: { imageSize }, embedding }, size, cached) {
  const labels = tf.range(0, size, 1, 'int32');
  if (cached) return { features: tf.randomNormal([size, embedding], 0, 1, 'float32', 7), labels };
  return { images: tf.randomNormal([size, 3, imageSize, imageSize], 0, 1, 'float32', 7), labels };
}

function timed(run) {
  const begun = performance.now();
  run();
  return (performance.now() - begun) / 1000;
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function processor() {
  return `${cpus().length} × ${cpus()[0].model}`;
}
