import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClipBackbone } from '@promptweave/backbone-clip';
import type { Preprocessing } from '@promptweave/core';
import { preprocessForEvaluation } from '@promptweave/core/portable';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportedModel } from '../model/exported-model.js';
import {
  combinations,
  expectedLogits,
  images,
  largestDifference,
  tinyClip,
  trained,
} from '../testing/combinations.test.support.js';
import { onnxModel, type OnnxOptions } from './onnx-model.js';

/** A folder with `venv` (onnx, onnxruntime, numpy) and `node_modules/onnxruntime-node`, see tools/ci/exports.sh. */
const runtimes = process.env.ONNX_TEST_FOLDER;

/** What is run, one file for all programs: model, inputs and the logits that are expected. */
interface Case {
  readonly name: string;
  readonly tolerance: number;
  readonly input: { readonly name: string; readonly type: 'float32' | 'uint8'; readonly shape: readonly number[] };
  readonly classes: readonly string[];
}

describe.skipIf(!runtimes)('onnxruntime', () => {
  const cases: Case[] = [];
  let folder: string;
  let backbones: readonly ClipBackbone[];

  const write = (
    name: string,
    tolerance: number,
    model: Uint8Array,
    input: Case['input'],
    values: ArrayBufferView,
    logits: Float32Array,
    classes: readonly string[],
  ): void => {
    const place = join(folder, String(cases.length));
    mkdirSync(place);
    writeFileSync(join(place, 'model.onnx'), model);
    writeFileSync(join(place, 'input'), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    writeFileSync(join(place, 'logits'), new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
    cases.push({ name, tolerance, input, classes });
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'promptweave-onnx-'));
    backbones = [
      tinyClip({ fast: false, recompute: false }, 'quick-gelu'),
      tinyClip({ fast: false, recompute: false }, 'gelu'),
    ];
    for (const [name, composition] of Object.entries(combinations)) {
      backbones.forEach((backbone, i) => {
        const classifier = trained(backbone, composition);
        const model = exportedModel(classifier, { test: name });
        const { classNames } = model.description;
        const add = (
          title: string,
          options: OnnxOptions,
          tolerance: number,
          batch: tf.Tensor4D,
          input: Case['input'],
          values: ArrayBufferView,
        ): void =>
          write(
            `${name}, backbone ${i}, ${title}`,
            tolerance,
            onnxModel(model, options),
            input,
            values,
            expectedLogits(classifier, batch),
            classNames,
          );
        const batch = images(backbone, 5);
        const floats = { name: 'pixel_values', type: 'float32', shape: batch.shape } as const;
        add('float', { input: 'float' }, 1e-4, batch, floats, batch.dataSync());
        add('float16', { input: 'float', precision: 'float16' }, 0.05, batch, floats, batch.dataSync());
        batch.dispose();
        classifier.dispose();
      });
    }
    for (const resize of ['shortest', 'squash'] as const) {
      for (const interpolation of ['bicubic', 'bilinear'] as const) {
        for (const [width, height] of [
          [57, 40],
          [18, 31],
          [7, 5],
          [301, 200],
          [18, 18],
        ] as const)
          addPixels(resize, interpolation, width, height);
      }
    }
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
  });

  /** Bytes of images, with the preprocessing in the model and outside of it. */
  const addPixels = (
    resize: Preprocessing['resize'],
    interpolation: Preprocessing['interpolation'],
    width: number,
    height: number,
  ): void => {
    const classifier = trained(backbones[0]!, {});
    const model = exportedModel(classifier);
    const preprocessing = { ...model.description.preprocessing, resize, interpolation };
    const rgb = Uint8Array.from({ length: 2 * 3 * width * height }, (_, i) => (i * i * 31 + 7 * i) % 256);
    const values = [0, 1].map((i) => {
      const data = rgb.subarray(i * 3 * width * height, (i + 1) * 3 * width * height);
      return preprocessForEvaluation({ data, width, height }, preprocessing);
    });
    const batch = tf.stack(
      values.map((one) => tf.tensor3d(one, [3, preprocessing.size, preprocessing.size])),
    ) as tf.Tensor4D;
    const file = { ...model, description: { ...model.description, preprocessing } };
    const logits = expectedLogits(classifier, batch);
    write(
      `${resize}, ${interpolation}, ${width} × ${height}`,
      1e-4,
      onnxModel(file),
      { name: 'image', type: 'uint8', shape: [2, height, width, 3] },
      rgb,
      logits,
      model.description.classNames,
    );
    classifier.dispose();
    tf.dispose(batch);
  };

  afterAll(() => {
    for (const backbone of backbones) backbone.dispose();
    rmSync(folder, { recursive: true });
  });

  const check = (found: Readonly<Record<string, readonly number[]>>): void => {
    const wrong = cases.flatMap(({ name, tolerance }, i) => {
      const expected = new Float32Array(new Uint8Array(readFileSync(join(folder, String(i), 'logits'))).buffer);
      const difference = largestDifference(found[i]!, expected);
      return difference <= tolerance ? [] : [`${name}: ${difference}`];
    });
    expect(wrong).toEqual([]);
  };

  it('gives the logits of predict in Python, and its checker finds nothing', () => {
    const script = fileURLToPath(new URL('../../scripts/run-onnx.py', import.meta.url));
    const output = execFileSync(join(runtimes!, 'venv/bin/python'), [script, folder], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    check(JSON.parse(output) as Record<string, number[]>);
  });

  it('gives the logits of predict in Node', async () => {
    const { InferenceSession, Tensor } = createRequire(join(runtimes!, 'package.json'))('onnxruntime-node');
    const found: Record<string, number[]> = {};
    for (const [i, { input }] of cases.entries()) {
      const session = await InferenceSession.create(join(folder, String(i), 'model.onnx'));
      const bytes = new Uint8Array(readFileSync(join(folder, String(i), 'input')));
      const values = input.type === 'uint8' ? bytes : new Float32Array(bytes.buffer);
      const { logits } = await session.run({ [input.name]: new Tensor(input.type, values, input.shape) });
      found[i] = [...logits.data];
      await session.release();
    }
    check(found);
  });
});
