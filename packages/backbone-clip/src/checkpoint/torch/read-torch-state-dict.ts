import { CheckpointError, RandomAccessFile, type StateDict } from '@promptweave/core';
import { allowedGlobal } from './allowed-globals.js';
import { flatten } from './flatten.js';
import { LARGEST_PICKLE, LEGACY_MAGIC, readLegacyFile } from './legacy-file.js';
import { requireOwnValues, storageOfId, tensorOf, type StorageRegion } from './storages.js';
import { unpickle } from './unpickle.js';
import { zipDirectory } from './zip-directory.js';

/** What a file of torch.save or torch.jit.save holds. */
export interface TorchStateDict {
  /** The weights by their names; each is read from the file when its `data()` is called. */
  readonly tensors: StateDict;
  /** Numbers, texts and booleans beside the weights: `epoch`, `val_result`, …; those of a dictionary `metadata` as `metadata.NAME`. */
  readonly values: Record<string, number | string | boolean>;
  /** Names of what else stood beside the weights: an optimiser's state, other weights, … */
  readonly aside: readonly string[];
}

/**
 * Reads the weights from a PyTorch file: a state dictionary (`.pt`, `.pth`, `.bin`), a training checkpoint with a
 * `state_dict` in it (`model.pth.tar-50`), or a TorchScript archive as OpenAI released CLIP; in the zip format, or in the
 * one before PyTorch 1.6. Nothing in the file is executed: what its pickle may name is an allow-list.
 *
 * @example
 * const { tensors, values } = await readTorchStateDict('model.pth.tar-50');
 * const context = tensors.get('prompt_learner.ctx')?.data();
 *
 * @throws CheckpointError when the file is missing, corrupt, of another format, or asks for a global not on the list
 */
export async function readTorchStateDict(path: string): Promise<TorchStateDict> {
  const file = new RandomAccessFile(path);
  const { root, regions } = isLegacyFile(file) ? readLegacyFile(file) : await readZipFile(file);
  const { tensors, values, aside } = flatten(root, path);
  requireOwnValues(tensors.values(), file);
  const state: StateDict = new Map();
  for (const [name, tensor] of tensors) {
    state.set(name, tensorOf(tensor, file, regions, `${path}, tensor ${JSON.stringify(name)}`));
  }
  return { tensors: state, values, aside };
}

/** Whether a file begins as torch.save wrote it before PyTorch 1.6. */
export function isLegacyFile(file: RandomAccessFile): boolean {
  const begin = file.read(0, Math.min(file.size, LEGACY_MAGIC.byteLength));
  return begin.byteLength === LEGACY_MAGIC.byteLength && begin.every((byte, i) => byte === LEGACY_MAGIC[i]);
}

/** A zip archive: `NAME/data.pkl` describes the tensors, `NAME/data/KEY` are the storages. */
async function readZipFile(file: RandomAccessFile): Promise<{ root: unknown; regions: Map<string, StorageRegion> }> {
  const members = await zipDirectory(file, /^[^/]+\/(data\.pkl|byteorder|data\/[^/]+)$/);
  const pickles = [...members.keys()].filter((name) => name.endsWith('/data.pkl') && name.split('/').length === 2);
  if (pickles.length !== 1) {
    throw new CheckpointError('The zip archive has no data.pkl: torch.save did not write it.', {
      where: file.path,
      remedy: 'Unpack the archive and load the weights in it, or give a file of torch.save or safetensors.',
    });
  }
  const prefix = pickles[0]!.slice(0, -'data.pkl'.length);
  const where = `${file.path}, member ${pickles[0]}`;
  const order = members.get(`${prefix}byteorder`);
  if (order && Buffer.from(file.read(order.start, Math.min(order.length, 16))).toString() !== 'little') {
    throw new CheckpointError('The values are not little-endian.', {
      where: file.path,
      remedy: 'Save the file anew on a little-endian machine.',
    });
  }
  const { start, length } = members.get(pickles[0]!)!;
  if (length > LARGEST_PICKLE) {
    throw new CheckpointError(`The description of the tensors has ${length} bytes; weights need far fewer.`, {
      where,
      remedy: 'Save the weights alone, with torch.save(model.state_dict(), path).',
    });
  }
  const { value } = unpickle(
    file.read(start, length),
    0,
    {
      global: (module, name) => allowedGlobal(module, name, where),
      persistent: (id) => storageOfId(id, where),
    },
    where,
  );
  const regions = new Map<string, StorageRegion>();
  for (const [name, region] of members) {
    if (name.startsWith(`${prefix}data/`)) regions.set(name.slice(prefix.length + 'data/'.length), region);
  }
  return { root: value, regions };
}
