import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import { thisProcess } from '../claim.js';
import type { Backbone } from '../contracts/backbone.js';
import type { Loss } from '../contracts/loss.js';
import type { LabelAligner } from '../contracts/parts.js';
import { classNames, tinyBackbone, tinyClassifier } from '../training/tiny.test.support.js';
import { Classifier } from './classifier.js';
import { FrozenTexts, TEXT_FILE } from './frozen-texts.js';
import { encodeReference } from './reference.js';

let folder: string;
let backbone: Backbone;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'texts-'));
  backbone = tinyBackbone();
});
afterEach(() => rmSync(folder, { recursive: true }));

const images = (): tf.Tensor4D => tf.randomUniform([2, 3, 2, 2], -1, 1, 'float32', 5);
const labels = (): tf.Tensor1D => tf.tensor1d([0, 2], 'int32');
const nothingLearned = { variables: {}, prompts: () => ({}) };

/** What a cell computes, and how often it asks the text tower. */
function cell(make: (texts?: FrozenTexts) => number[], texts?: FrozenTexts): { values: number[]; passes: number } {
  const tower = vi.spyOn(backbone, 'encodeText');
  const values = make(texts);
  const passes = tower.mock.calls.length;
  tower.mockRestore();
  return { values, passes };
}

function zeroShot(texts?: FrozenTexts, names: readonly string[] = classNames): number[] {
  const { parts } = tinyClassifier({ backbone, classNames: names, learner: nothingLearned });
  const predictor = new Classifier({ ...parts, texts }).predictor();
  const logits = tf.tidy(() => [...predictor.logits({ images: images() }).dataSync()]);
  predictor.dispose();
  return logits;
}

/** Labels that moved away from where they began, under prompts that do not move. */
function anchorLogits(texts?: FrozenTexts): number[] {
  const frozen = new FrozenLabels(backbone, classNames);
  const rows = tf.tidy(() => tf.variable(tf.add(frozen.labels().names, Math.random())));
  const aligner: LabelAligner = {
    ...{ variables: { rows }, classNames, anchors: () => frozen.anchors() },
    labels: () => ({ ...frozen.labels(), names: tf.clone(rows) as tf.Tensor as tf.Tensor2D }),
    withClasses: () => aligner,
    dispose: () => undefined,
  };
  const loss: Loss = { name: 'anchored', needs: { anchors: true }, terms: () => [], dispose: () => undefined };
  const options = { backbone, aligner, learner: nothingLearned, losses: [{ loss, weight: 1 }] };
  const classifier = new Classifier({ ...tinyClassifier(options).parts, texts });
  const step = () =>
    tf.tidy(() => [...classifier.step({ images: images(), labels: labels() }).anchorLogits.dataSync()]);
  expect(step()).toEqual(step());
  return step();
}

/** States of the frozen text tower, which the tiny one does not have: its features stand for them. */
function reference(texts?: FrozenTexts): number[] {
  const withRows: Backbone = {
    ...backbone,
    encodeText: (text, request) => {
      const encoding = backbone.encodeText(text, request);
      const rows = (step: number, at: readonly unknown[]): tf.Tensor2D =>
        tf.add(tf.slice(text.branches, [0, 0], [at.length, -1]), step);
      return { ...encoding, kept: 2, rows };
    },
  };
  const { aligner } = tinyClassifier({ backbone: withRows }).parts;
  return tf.tidy(() => {
    const { encoding } = encodeReference({ backbone: withRows, aligner, texts }, 'a drawing of {}', { keepLast: 2 });
    const positions = [0, 1].map((position) => ({ class: position, position }));
    return [encoding.features, encoding.rows(0, positions), encoding.rows(1, positions)].flatMap((tensor) => [
      ...tensor.dataSync(),
    ]);
  });
}

describe.each([
  ['zero-shot predictions', zeroShot, 0],
  ['anchors of learned labels', anchorLogits, 3], // the learned ones are computed in each of the three steps
  ['states of hand-crafted prompts', reference, 0],
])('%s', (_, make, ofLearned) => {
  it('are computed by the first cell alone, and are the same bits', () => {
    const alone = cell(make);
    const first = cell(make, new FrozenTexts(folder));
    const second = cell(make, new FrozenTexts(folder));
    expect(first).toEqual(alone);
    expect(first.passes).toBeGreaterThan(ofLearned);
    expect(second).toEqual({ values: first.values, passes: ofLearned });
  });
});

it('is no part of a gradient that is being taken, so that nothing of it is kept for one', () => {
  const { aligner } = tinyClassifier({ backbone }).parts;
  const { names, ...anchors } = aligner.anchors();
  const rows = tf.variable(names) as tf.Tensor as tf.Tensor2D & tf.Variable;
  const variable = { ...aligner, classNames, anchors: () => ({ ...anchors, names: tf.clone(rows) }) };
  const features = (): tf.Tensor2D => encodeReference({ backbone, aligner: variable }, 'a {}').encoding.features;
  expect(() => tf.variableGrads(() => tf.sum(features()), [rows])).toThrow('Cannot find a connection');
  tf.dispose([rows, anchors.afterContext ?? []]);
});

it('computes what differs in anything anew', () => {
  const passes = (names?: string[]): number => cell((texts) => zeroShot(texts, names), new FrozenTexts(folder)).passes;
  expect(passes()).toBe(1);
  expect(passes(['ant', 'bee', 'dog'])).toBe(1);
  backbone = tinyBackbone('other weights');
  expect(passes()).toBe(1);
  expect(passes()).toBe(0);
});

it('throws a file away that is not whole', () => {
  const { values } = cell(zeroShot, new FrozenTexts(folder));
  const file = readdirSync(folder).find((name) => name.endsWith(TEXT_FILE))!;
  writeFileSync(join(folder, file), 'torn');
  expect(cell(zeroShot, new FrozenTexts(folder))).toEqual({ values, passes: 1 });
  expect(cell(zeroShot, new FrozenTexts(folder))).toEqual({ values, passes: 0 });
});

describe('while another process computes it', () => {
  const KEY = 'abc';
  const compute = (): tf.Tensor2D => tf.tensor2d([[1, 2]]);

  /** A process that has the claim, does something a little later, and lives on or not. */
  function other(does: string): ChildProcess {
    const child = spawn(process.execPath, ['-e', `setTimeout(() => { ${does} }, 300)`], { stdio: 'ignore' });
    const started = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!;
    mkdirSync(join(folder, KEY[0]!));
    const claim = { ...thisProcess(), pid: child.pid, started };
    writeFileSync(join(folder, KEY[0]!, 'claim.1'), JSON.stringify(claim));
    return child;
  }

  it('waits for the result', () => {
    const path = JSON.stringify(join(folder, `${KEY}${TEXT_FILE}`));
    const write = `fs.writeFileSync(${path} + '.part', Buffer.from(Float32Array.of(7, 8).buffer));
      fs.renameSync(${path} + '.part', ${path}); setInterval(() => {}, 1000);`;
    const child = other(write);
    const made = vi.fn(compute);
    const found = new FrozenTexts(folder).once(KEY, [1, 2], made);
    child.kill('SIGKILL');
    expect([...found.dataSync()]).toEqual([7, 8]);
    expect(made).not.toHaveBeenCalled();
  });

  it('computes it where that process dies', () => {
    other('process.exit()');
    const made = vi.fn(compute);
    expect([...new FrozenTexts(folder).once(KEY, [1, 2], made).dataSync()]).toEqual([1, 2]);
    expect(made).toHaveBeenCalledOnce();
  });
});

it('is no place for what was learned within the tower: no key knows it', () => {
  const tuned: Backbone = {
    ...backbone,
    encodeText: (text, request) => {
      const encoding = backbone.encodeText(text, request);
      const shift = request?.tuning?.lnPost?.bias;
      return shift ? { ...encoding, features: tf.add(encoding.features, shift) } : encoding;
    },
  };
  const { parts } = tinyClassifier({ backbone: tuned, learner: nothingLearned });
  const texts = new FrozenTexts(folder);
  const featuresWith = (shift: number): number[] => {
    const tuning = {
      ...{ variables: {}, dispose: () => undefined },
      towers: () => ({ text: { blocks: {}, lnPost: { bias: tf.fill([5], shift) as tf.Tensor1D } } }),
    };
    const predictor = new Classifier({ ...parts, texts, tuning }).predictor();
    const logits = tf.tidy(() => [...predictor.logits({ images: images() }).dataSync()]);
    predictor.dispose();
    return logits;
  };
  const plain = featuresWith(0);
  expect(featuresWith(1)).not.toEqual(plain);
  // The numbers of tensors, which a key would have instead of their values, are the same in other processes.
  expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(TEXT_FILE))).toEqual([]);
});
