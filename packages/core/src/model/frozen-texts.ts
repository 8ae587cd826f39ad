import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import writeFileAtomic from 'write-file-atomic';
import { tryClaim, type Claim } from '../claim.js';
import type { Backbone, TextEncoding, TextRequest, TokenPosition } from '../contracts/backbone.js';
import type { PromptedText } from '../contracts/prompts.js';
import { backboneWith } from './backbone-view.js';
import { withoutTape } from './without-tape.js';

/** Ending of the files that hold what a text tower gave: float32 values, row-major. */
export const TEXT_FILE = '.text';
/** Milliseconds between two looks at what another process computes, and after how many it is computed here as well. */
const LOOK = 50;
const PATIENCE = 60_000;

/**
 * What the text tower gave for text in which nothing is learned: the hand-crafted prompts of class names. Kept in a folder that any number of
 * processes may use; each result is computed by one of them, while the others wait for it. A file that cannot be read is thrown away.
 */
export class FrozenTexts {
  /**
   * @param folder of one way of computing
   * @param grown called when a file came
   * @param unkept called where nothing can be written; throws what is something else
   */
  constructor(
    private readonly folder: string,
    private readonly grown: () => void = () => undefined,
    private readonly unkept: (error: unknown) => void = (error) => {
      throw error;
    },
  ) {}

  /** The values of a key, from before or computed now; the caller owns the tensor. */
  once(key: string, shape: [number, number], compute: () => tf.Tensor2D): tf.Tensor2D {
    const known = this.read(key, shape);
    if (known) return known;
    const claim = this.claim(key, shape);
    try {
      const meanwhile = this.read(key, shape);
      if (meanwhile) return meanwhile;
      const computed = compute();
      this.keep(key, computed);
      return computed;
    } finally {
      claim?.release();
    }
  }

  private keep(key: string, computed: tf.Tensor2D): void {
    const { buffer, byteOffset, byteLength } = computed.dataSync() as Float32Array;
    try {
      writeFileAtomic.sync(this.path(key), Buffer.from(buffer, byteOffset, byteLength));
      this.grown();
    } catch (error) {
      this.unkept(error);
    }
  }

  /** Waits while another process has it. It computes for that long at most as this one would; so nothing else has to go on meanwhile. */
  private claim(key: string, shape: [number, number]): Claim | undefined {
    const group = join(this.folder, key[0]!);
    const begun = performance.now();
    try {
      mkdirSync(group, { recursive: true });
      for (;;) {
        const claim = tryClaim(group);
        if (claim || performance.now() - begun > PATIENCE || this.read(key, shape)) return claim;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK);
      }
    } catch (error) {
      this.unkept(error);
      return undefined;
    }
  }

  private read(key: string, shape: [number, number]): tf.Tensor2D | undefined {
    const path = this.path(key);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
      utimesSync(path, new Date(), new Date());
    } catch {
      return undefined; // not there; or it gave way just now
    }
    if (bytes.length === 4 * shape[0] * shape[1]) {
      return tf.tensor2d(new Float32Array(new Uint8Array(bytes).buffer), shape);
    }
    try {
      rmSync(path, { force: true });
    } catch (error) {
      this.unkept(error);
    }
    return undefined;
  }

  private path(key: string): string {
    return join(this.folder, `${key}${TEXT_FILE}`);
  }
}

/**
 * The backbone for text in which nothing is learned: what it computes, or what is kept of before, bit for bit. No tape records it, so nothing
 * stays for a backward pass.
 */
export function frozenText(backbone: Backbone, texts?: FrozenTexts): Backbone {
  const { shape, digest, settings } = backbone;
  const encodeText: Backbone['encodeText'] = (...of) => withoutTape(() => backbone.encodeText(...of));
  return backboneWith(backbone, {
    // What was learned within the tower is no part of a key.
    encodeText: (text, request) =>
      texts && !request?.tuning
        ? keptEncoding({ shape, digest, settings, encodeText }, texts, text, request)
        : encodeText(text, request),
  });
}

function keptEncoding(
  backbone: Pick<Backbone, 'shape' | 'digest' | 'settings' | 'encodeText'>,
  texts: FrozenTexts,
  text: PromptedText,
  request: TextRequest = {},
): TextEncoding {
  const { shape, digest, settings } = backbone;
  const { prefix, branches, deep, ofClasses, inserted, lengths, roles } = text;
  const hash = createHash('sha256').update(
    JSON.stringify([digest, settings, tf.getBackend(), lengths, roles, request, ofClasses?.block, inserted?.block]),
  );
  const rows = [...deep, ...(ofClasses ? [ofClasses.rows] : []), ...(inserted?.rows ?? [])];
  for (const tensor of [prefix, branches, ...rows]) hash.update(JSON.stringify(tensor.shape)).update(tensor.dataSync());
  const ofText = hash.digest('hex');
  const keyOf = (...what: unknown[]): string =>
    createHash('sha256')
      .update(JSON.stringify([ofText, ...what]))
      .digest('hex');
  let made: TextEncoding | undefined;
  const encoding = (): TextEncoding => (made ??= backbone.encodeText(text, request));
  return {
    get features() {
      return texts.once(keyOf('features'), [lengths.length, shape.embedding], () => encoding().features);
    },
    get kept() {
      return encoding().kept;
    },
    rows: (step: number, positions: readonly TokenPosition[]) =>
      texts.once(keyOf('rows', step, positions), [positions.length, shape.text.width], () =>
        encoding().rows(step, positions),
      ),
  };
}
