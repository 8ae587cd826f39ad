import { dirname, join } from 'node:path';
import { CheckpointError, RandomAccessFile, readSafetensors, type StateDict } from '@promptweave/core';
import { isLegacyFile, readTorchStateDict } from './torch/read-torch-state-dict.js';

/** What a file, or all shards of an index, hold. */
export interface WeightsFile {
  readonly tensors: StateDict;
  /** What is worth telling, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The tensors of a weights file, in whichever format it is, judged by its first bytes; or of all shards of an index.
 *
 * @throws CheckpointError when the file is missing, corrupt or of an unknown format
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  const shards = shardsOf(path);
  if (shards.length === 0) return readOne(path);
  const files = [];
  for (const shard of shards) files.push(await readOne(join(dirname(path), shard)));
  return {
    tensors: new Map(files.flatMap(({ tensors }) => [...tensors])),
    notes: files.flatMap(({ notes }) => notes),
  };
}

/**
 * Names of the files that an index of shards refers to, in order; none when the file is no index.
 *
 * @throws CheckpointError when the index is malformed, or leads out of its folder
 */
export function shardsOf(path: string): string[] {
  if (!path.endsWith('.index.json')) return [];
  const file = new RandomAccessFile(path);
  let map: unknown;
  try {
    map = JSON.parse(Buffer.from(file.read(0, Math.min(file.size, 64 * 2 ** 20))).toString('utf8'))?.weight_map;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  const shards = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))].sort() : [];
  if (shards.length === 0 || !shards.every((shard) => typeof shard === 'string' && /^[\w-][\w.-]*$/.test(shard))) {
    throw new CheckpointError('The index of the shards has no "weight_map" from tensors to files beside it.', {
      where: path,
      remedy: 'Get the file again.',
    });
  }
  return shards as string[];
}

async function readOne(path: string): Promise<WeightsFile> {
  const file = new RandomAccessFile(path);
  const begin = Buffer.from(file.read(0, Math.min(file.size, 300)));
  const text = begin.toString('latin1');
  if (text.startsWith('PK') || isLegacyFile(file)) {
    const { tensors, aside } = await readTorchStateDict(path);
    return { tensors, notes: aside.length === 0 ? [] : [`Left aside beside the weights: ${named(aside)}.`] };
  }
  if (begin[8] === 0x7b || path.endsWith('.safetensors')) {
    refusePlaceholder(text, path);
    const { tensors, metadata } = await readSafetensors(path);
    refuseLearned(metadata, path);
    return { tensors, notes: [] };
  }
  refusePlaceholder(text, path);
  const kind = text.slice(257, 262) === 'ustar' ? 'a tar archive' : begin[0] === 0x80 ? 'a bare pickle' : undefined;
  throw new CheckpointError(
    kind === undefined
      ? `The format of the file is unknown; it begins with the bytes ${begin.subarray(0, 8).toString('hex') || '(none)'}.`
      : `The file is ${kind}, not a file of torch.save.`,
    { where: path, remedy: 'Give safetensors, a state dictionary of torch.save, or a TorchScript archive.' },
  );
}

/** Some of the names, and how many more there are. */
export function named(names: readonly string[]): string {
  const some = names.slice(0, 4).map((name) => `"${name}"`);
  return some.join(', ') + (names.length > some.length ? `, and ${names.length - some.length} more` : '');
}

/** What promptweave itself learned is no backbone. */
function refuseLearned({ promptweave }: Record<string, string>, path: string): void {
  if (promptweave === undefined) return;
  throw new CheckpointError('The file holds prompts that promptweave learned, without their backbone.', {
    where: path,
    remedy:
      'Give the CLIP that they were learned on as the checkpoint, and the folder of the run to predict or evaluate.',
  });
}

/** Text files that stand where weights should be. */
function refusePlaceholder(begin: string, path: string): void {
  if (begin.startsWith('version https://git-lfs')) {
    throw new CheckpointError('The file is only a pointer of Git LFS; the weights were not downloaded.', {
      where: path,
      remedy: 'Run `git lfs pull` in its folder, or get the file from the web page of the model.',
    });
  }
  if (/^\s*<(!doctype|html)/i.test(begin)) {
    throw new CheckpointError('The file is a web page, not weights.', {
      where: path,
      remedy: 'The download failed or needs a login: get the file again.',
    });
  }
}
