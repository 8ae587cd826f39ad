import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CheckpointError, hostTensor, readSafetensors, type TransformerShape, type StateDict } from '@promptweave/core';

/** `meta.json` of a set of recorded runs. */
export interface SetDescription {
  readonly clip: {
    readonly res: number;
    readonly patch: number;
    readonly vw: number;
    readonly vl: number;
    readonly tw: number;
    readonly tl: number;
    readonly embed: number;
    readonly context_length: number;
    readonly vision_heads?: number;
    readonly text_heads?: number;
  };
  readonly methods: readonly string[];
}

/** `meta.json` of one recorded run. The zero-shot run has class names and prompts alone. */
export interface RunDescription {
  readonly method: string;
  readonly class_names: readonly string[];
  readonly kind?: string;
  readonly hyper: Readonly<Record<string, unknown>>;
  readonly optimizer: {
    readonly name?: string;
    readonly lr: number;
    readonly momentum: number;
    readonly weight_decay: number;
    readonly betas?: readonly [number, number];
    readonly eps?: number;
    readonly steps: number;
  };
  /** Learning rates by variable, where they differ. */
  readonly lr_of?: Readonly<Record<string, number>>;
  /** Several hand-crafted templates, or those of a text that does not come from the prompt. */
  readonly templates?: readonly string[];
  readonly name_token_lengths: readonly number[];
  readonly labels_key: string;
  readonly frozen_template: string | null;
  /** Token ids of every class's prompt, cut after the end of text. */
  readonly token_ids: readonly (readonly number[])[];
  readonly trainable_without_gradient: readonly string[];
  readonly parameter_norm_after_each_step?: readonly Readonly<Record<string, number>>[];
}

/** A set of recorded runs of the authors' code on one tiny CLIP. */
export interface FixtureSet {
  readonly folder: string;
  readonly shape: TransformerShape;
  readonly weights: StateDict;
  readonly batches: StateDict;
  /** The runs that were asked for. */
  readonly methods: readonly string[];
}

/** One recorded run. */
export interface FixtureRun {
  /** Those of the set, and the rows of the token table that this run needs besides. */
  readonly weights: StateDict;
  readonly folder: string;
  readonly description: RunDescription;
  readonly inputs: StateDict;
  readonly expected: StateDict;
  readonly expected64: StateDict;
}

/**
 * Opens a set, or the set that a run's folder belongs to.
 * @throws CheckpointError where files are missing or a method is not in the set.
 */
export async function openFixtureSet(folder: string, method?: string): Promise<FixtureSet> {
  const path = resolve(folder);
  const isSet = existsSync(join(path, 'weights.safetensors'));
  const root = isSet ? path : dirname(path);
  const { clip, methods } = readJson<SetDescription>(join(root, 'meta.json'));
  const chosen = isSet ? (method ? [method] : methods) : [basename(path)];
  const unknown = chosen.find((name) => !existsSync(join(root, name, 'meta.json')));
  if (unknown) {
    throw new CheckpointError(`The set has no recorded run "${unknown}".`, {
      where: root,
      remedy: `Take one of: ${methods.join(', ')}.`,
    });
  }
  return {
    folder: root,
    shape: {
      vision: {
        width: clip.vw,
        layers: clip.vl,
        heads: clip.vision_heads ?? clip.vw / 64,
        imageSize: clip.res,
        patchSize: clip.patch,
      },
      text: {
        width: clip.tw,
        layers: clip.tl,
        heads: clip.text_heads ?? clip.tw / 64,
        contextLength: clip.context_length,
      },
      embedding: clip.embed,
    },
    weights: (await readSafetensors(join(root, 'weights.safetensors'))).tensors,
    batches: (await readSafetensors(join(root, 'batches.safetensors'))).tensors,
    methods: chosen,
  };
}

/** Opens one run of a set. */
export async function openFixtureRun(set: FixtureSet, method: string): Promise<FixtureRun> {
  const folder = join(set.folder, method);
  const read = async (name: string) => (await readSafetensors(join(folder, `${name}.safetensors`))).tensors;
  const has64 = existsSync(join(folder, 'expected_f64.safetensors'));
  const inputs = await read('inputs');
  return {
    folder,
    weights: withExtraTokens(set.weights, inputs),
    description: readJson<RunDescription>(join(folder, 'meta.json')),
    inputs,
    expected: await read('expected'),
    expected64: has64 ? await read('expected_f64') : new Map(),
  };
}

/** The weights with further rows of the token table (`extra_token_embedding`). */
function withExtraTokens(weights: StateDict, inputs: StateDict): StateDict {
  const extra = inputs.get('extra_token_embedding.ids');
  if (!extra) return weights;
  const ids = weights.get('token_embedding.ids')!;
  const rows = weights.get('token_embedding.rows')!;
  const more = inputs.get('extra_token_embedding.rows')!;
  const [count, width] = [ids.shape[0]! + extra.shape[0]!, rows.shape[1]!];
  return new Map(weights)
    .set('token_embedding.ids', hostTensor(Int32Array.from([...ids.data(), ...extra.data()]), [count]))
    .set('token_embedding.rows', hostTensor(Float32Array.from([...rows.data(), ...more.data()]), [count, width]));
}

function readJson<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new CheckpointError('This is not a folder of recorded runs: its meta.json cannot be read.', {
      where: path,
      remedy: 'Give a folder with meta.json, weights.safetensors and batches.safetensors, or one run within it.',
      cause,
    });
  }
}
