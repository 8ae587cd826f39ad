import { CheckpointError } from '@promptweave/core';
import type { TokenizerFiles } from '../tokenizer/index.js';

/** Names of the files of a folder or repository that make up a checkpoint. */
export interface ChosenFiles {
  /** The weights, or the index of their shards (`*.index.json`). */
  readonly weights: string;
  readonly config?: string;
  readonly openClipConfig?: string;
  /** transformers' statement on images. */
  readonly preprocessorConfig?: string;
  readonly tokenizerFiles?: TokenizerFiles;
}

/** The usual names of transformers, and those of open_clip; the safest and most complete first. */
const TRANSFORMERS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];
const OPEN_CLIP = [
  'open_clip_model.safetensors',
  'open_clip_model.safetensors.index.json',
  'open_clip_pytorch_model.bin',
  'open_clip_pytorch_model.bin.index.json',
];

/** Kinds of weights files, by the end of their names. */
const KINDS = [/\.safetensors$/, /\.(bin|pt|pth)$/, /\.ckpt$/, /\.tar(-\d+)?$/];
/** Files of these endings that hold something beside the weights of a model. */
const BESIDE = /^(adapter_model|optimizer|scheduler|training_args|rng_state.*|scaler)\.\w+$/;

/**
 * Chooses weights, configurations and tokenizer from the names in a folder. Of several weights the usual name is taken:
 * open_clip's where its configuration is there (another library's may hold the image tower alone), safetensors before
 * pickles; of several unusual ones none.
 *
 * @param given the weights, when the user named the file
 * @throws CheckpointError when there are no weights, or it is not clear which ones are meant
 */
export function chooseFiles(names: readonly string[], where: string, given?: string): ChosenFiles {
  const present = new Set(names);
  const optional = (name: string): string | undefined => (present.has(name) ? name : undefined);
  const tokenizerJson = optional('tokenizer.json');
  const vocab = optional('vocab.json');
  const merges = optional('merges.txt');
  const spiece = tokenizerJson === undefined ? optional('spiece.model') : undefined;
  const tokenizerConfig = optional('tokenizer_config.json');
  const hasTokenizer =
    tokenizerJson !== undefined || spiece !== undefined || (vocab !== undefined && merges !== undefined);
  return {
    weights: given ?? weightsOf(names, where),
    config: optional('config.json'),
    openClipConfig: optional('open_clip_config.json'),
    preprocessorConfig: optional('preprocessor_config.json') ?? optional('processor_config.json'),
    tokenizerFiles: hasTokenizer
      ? { tokenizerJson, vocab, merges, ...(spiece && { spiece }), ...(tokenizerConfig && { tokenizerConfig }) }
      : undefined,
  };
}

function weightsOf(names: readonly string[], where: string): string {
  const first = names.includes('open_clip_config.json') ? OPEN_CLIP : TRANSFORMERS;
  const usual = [...first, ...TRANSFORMERS, ...OPEN_CLIP].find((name) => names.includes(name));
  if (usual !== undefined) return usual;
  const own = names.filter((name) => !BESIDE.test(name));
  const possible = own.some((name) => KINDS.some((kind) => kind.test(name))) ? own : names; // else the reader says what they are
  for (const kind of KINDS) {
    const candidates = possible.filter((name) => kind.test(name));
    if (candidates.length === 1) return candidates[0]!;
    if (candidates.length > 1) {
      throw new CheckpointError(`There are several weights: ${candidates.sort().join(', ')}.`, {
        where,
        remedy: 'Give the path of the file that is meant.',
      });
    }
  }
  throw new CheckpointError('There are no weights: no *.safetensors, *.bin, *.pt, *.pth or *.ckpt.', {
    where,
    remedy: 'Give the folder or the file that holds the weights of a CLIP.',
  });
}
