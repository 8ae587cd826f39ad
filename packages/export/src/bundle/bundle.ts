import { CheckpointError, readSafetensors, writeSafetensors, type HostTensor } from '@promptweave/core';
import { checkedModel, MODEL_KEY, type ModelFile } from '@promptweave/web';

/** How the values of the image tower are stored. */
export type Precision = 'float32' | 'float16';

/**
 * Writes an exported model as one safetensors file, atomically. In float16 the tower takes half the room; class vectors and head stay
 * float32.
 * @throws CheckpointError where it cannot be written, or a value is too large for float16
 */
export async function writeBundle(path: string, model: ModelFile, precision: Precision = 'float32'): Promise<void> {
  const stored = ([name, tensor]: [string, HostTensor]): [string, HostTensor] =>
    precision === 'float16' && isOfTower(name) ? [name, { ...tensor, dtype: 'float16' }] : [name, tensor];
  await writeSafetensors(path, new Map([...model.tensors].map(stored)), {
    [MODEL_KEY]: JSON.stringify(model.description),
  });
}

/** Whether a tensor is one of the tower's, and no small one of classes, head or adapters. */
export function isOfTower(name: string): boolean {
  return name.startsWith('visual.') || name.startsWith('prompts.');
}

/**
 * Opens what {@link writeBundle} wrote; tensors are read when they are asked for.
 * @throws CheckpointError where the file is missing, damaged or none
 */
export async function readBundle(path: string): Promise<ModelFile> {
  const { metadata, tensors } = await readSafetensors(path);
  return checkedModel(metadata[MODEL_KEY], tensors, path);
}

/** Whether a file is an exported model; false for whatever else it may be. */
export async function isBundle(path: string): Promise<boolean> {
  try {
    return MODEL_KEY in (await readSafetensors(path)).metadata;
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}
