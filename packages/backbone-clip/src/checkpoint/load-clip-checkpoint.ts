import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError, type Preprocessing, type StateDict } from '@promptweave/core';
import type { Activation } from '../activation.js';
import { familyNames, type Family } from '../clip-form.js';
import type { Cleaning, TokenizerFiles } from '../tokenizer/index.js';
import { checkedTensors } from './checked-tensors.js';
import { chooseFiles, type ChosenFiles } from './chosen-files.js';
import { architectureOf, type ClipArchitecture } from './clip-architecture.js';
import { readConfig, requireAgreement, type ClipConfig } from './config/index.js';
import { fetchFromHub, isHubId, type HubOptions } from './hub.js';
import { renamed, type KeyNaming } from './key-names.js';
import {
  choosePreprocessing,
  readPreprocessorConfig,
  type PreprocessingOptions,
  type StatedPreprocessing,
} from './preprocessing/index.js';
import { digestOf } from './digest.js';
import { readWeights } from './weights-file.js';

/** What a user may say about a checkpoint; each setting takes precedence over files and rules. */
export interface ClipCheckpointOptions extends PreprocessingOptions {
  readonly visionHeads?: number;
  readonly textHeads?: number;
  readonly activation?: Activation;
  readonly hub?: HubOptions;
}

/** The weights of a CLIP, under OpenAI's names and in OpenAI's layouts, wherever they came from. */
export interface ClipWeights {
  readonly architecture: ClipArchitecture;
  /** All tensors of the model and no others, in the order of its computation; read from the file by `data()`. */
  readonly tensors: StateDict;
  /** Paths of the tokenizer that came with the weights; absent where none did (then it is OpenAI's). */
  readonly tokenizerFiles?: TokenizerFiles;
  /** SHA-256 of the weights file, hexadecimal. */
  readonly digest: string;
  /** What was asked for. */
  readonly source: string;
  /** How images are prepared: as an option, or a file beside the weights, says. */
  readonly preprocessing: Preprocessing;
  /** The token that ends a text by the configuration; absent where that is the one with the largest id. */
  readonly endTokenId?: number;
  /** Whether the configuration says that texts are cut by a tokenizer of sentence pieces. */
  readonly sentencePieces: boolean;
  /** How texts are cleaned, where the configuration says it. */
  readonly clean?: Cleaning;
  /** What was chosen, assumed or left aside, a sentence each. */
  readonly notes: readonly string[];
}

/** The activation of each family, where nothing is said. */
const ASSUMED: Readonly<Record<Family | 'clip', string>> = {
  clip: 'QuickGELU is assumed, as in the models of OpenAI',
  siglip: 'the tanh form of GELU is assumed, with which SigLIP was trained',
  pe: 'exact GELU is taken, as in all PE-Cores',
};

/**
 * Opens the weights of a CLIP: a local file, a local folder, or a model of the Hugging Face hub (`owner/name`, or
 * `owner/name@revision`). Formats: safetensors, whole or in shards; state dictionaries of torch.save; OpenAI's TorchScript
 * archives. Key names: OpenAI's, Hugging Face's CLIPModel, open_clip's. Types: float16, bfloat16, float32, float64.
 *
 * Shapes are all checked here. The values are decoded, and checked to be finite, when a tensor's `data()` is called:
 * take each tensor once, upload it, and a model of any size needs little more memory than its largest tensor.
 *
 * @example
 * const { architecture, tensors } = await loadClipCheckpoint('openai/clip-vit-base-patch16');
 *
 * @throws CheckpointError when the source is missing, corrupt, incomplete, or no CLIP with two transformers
 */
export async function loadClipCheckpoint(source: string, options: ClipCheckpointOptions = {}): Promise<ClipWeights> {
  const { file, ...opened } = await openClipCheckpoint(source, options);
  return { ...opened, digest: await digestOf(file) };
}

/**
 * {@link loadClipCheckpoint} without reading the whole file for its digest.
 *
 * @returns with the path of the weights, or of the index of their shards
 */
export async function openClipCheckpoint(
  source: string,
  options: ClipCheckpointOptions = {},
): Promise<Omit<ClipWeights, 'digest'> & { readonly file: string }> {
  const { folder, files } = await locate(source, options.hub);
  const weights = join(folder, files.weights);
  const read = await readWeights(weights);
  const { naming, family, tensors, origins, notes } = renamed(read.tensors, weights);
  const { config, other } = configsOf(folder, files, naming);
  const { visionHeads, textHeads, activation } = options;
  const given = Object.fromEntries(
    Object.entries({ visionHeads, textHeads, activation }).filter(([, value]) => value !== undefined),
  );
  const { imageSize, visionHeads: v, textHeads: t, activation: a } = config?.architecture ?? {};
  const hints = { imageSize, visionHeads: v, textHeads: t, activation: a, ...given, family, where: weights };
  const architecture = architectureOf(tensors, hints);
  if (config) requireAgreement(config, architecture);
  const stated = statementsOf(folder, files, naming, config, other);
  const { preprocessing, notes: ofImages } = choosePreprocessing(options, stated, architecture.imageSize, family);
  const assumptions: string[] = [];
  if (hints.activation === undefined) {
    assumptions.push(`No configuration names the activation: ${ASSUMED[family ?? 'clip']}.`);
  }
  if (hints.visionHeads === undefined || hints.textHeads === undefined) {
    const { visionWidth, visionHeads: heads } = architecture;
    assumptions.push(
      family
        ? `No configuration names the heads of both towers: ${visionWidth / heads} values a head are assumed in the vision tower, as in the released ${familyNames[family]}s of that width.`
        : 'No configuration names the heads: 64 values a head are assumed, as in the models of OpenAI.',
    );
  }
  return {
    architecture,
    tensors: checkedTensors(tensors, architecture, weights, origins),
    tokenizerFiles: tokenizerIn(folder, files.tokenizerFiles),
    file: weights,
    source,
    preprocessing,
    endTokenId: config?.endTokenId,
    sentencePieces: config?.sentencePieces ?? false,
    clean: config?.clean,
    notes: [...read.notes, ...notes, ...(config?.notes ?? []), ...assumptions, ...ofImages],
  };
}

async function locate(source: string, hub?: HubOptions): Promise<{ folder: string; files: ChosenFiles }> {
  const stats = await stat(source).catch(() => undefined);
  if (stats?.isDirectory()) return { folder: source, files: chooseFiles(await namesIn(source), source) };
  if (stats) {
    const folder = dirname(source);
    return { folder, files: chooseFiles(await namesIn(folder), source, basename(source)) };
  }
  if (isHubId(source) && !/\.(safetensors|bin|pt|pth|ckpt|json)$/.test(source)) return fetchFromHub(source, hub);
  throw new CheckpointError('There is no such file or folder, and it is not the id of a model on the hub.', {
    where: source,
    remedy: 'Give a path that exists, or an id like openai/clip-vit-base-patch16.',
  });
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    throw new CheckpointError(`Cannot list the folder: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      where: folder,
      remedy: 'Check that you may read it.',
      cause,
    });
  });
}

/** The configuration that belongs to the naming, or the only one; and the path of the other one, which belongs to other weights. */
function configsOf(
  folder: string,
  { config, openClipConfig }: ChosenFiles,
  naming: KeyNaming,
): { config?: ClipConfig; other?: string } {
  const [first, second] = naming === 'openai' ? [openClipConfig, config] : [config, openClipConfig];
  const chosen = first ?? second;
  const at = (name?: string): string | undefined => (name === undefined ? undefined : join(folder, name));
  return {
    config: chosen === undefined ? undefined : readConfig(at(chosen)!),
    other: first === undefined ? undefined : at(second),
  };
}

/**
 * What the files say about images, the one first that counts: open_clip's configuration for open_clip's weights, then
 * transformers' own file for it, then what any other configuration says. That of other weights counts where no other says anything.
 */
function statementsOf(
  folder: string,
  { preprocessorConfig, openClipConfig }: ChosenFiles,
  naming: KeyNaming,
  config?: ClipConfig,
  other?: string,
): StatedPreprocessing[] {
  const processor =
    preprocessorConfig === undefined ? undefined : readPreprocessorConfig(join(folder, preprocessorConfig));
  const own = config?.preprocessing;
  const ofOpenClip = naming === 'openai' && openClipConfig !== undefined;
  const stated = (ofOpenClip ? [own, processor] : [processor, own]).filter((each) => each !== undefined);
  const further = other !== undefined && stated.length === 0 ? readConfig(other).preprocessing : undefined;
  return further ? [further] : stated;
}

function tokenizerIn(folder: string, files?: TokenizerFiles): TokenizerFiles | undefined {
  if (!files) return undefined;
  const path = (name?: string): string | undefined => (name === undefined ? undefined : join(folder, name));
  return {
    ...{ tokenizerJson: path(files.tokenizerJson), vocab: path(files.vocab), merges: path(files.merges) },
    ...(files.spiece && { spiece: path(files.spiece) }),
    ...(files.tokenizerConfig && { tokenizerConfig: path(files.tokenizerConfig) }),
  };
}
