import { CheckpointError, parseSafetensors, type HostTensor, type StateDict } from '@promptweave/core/portable';
import { MODEL_KEY, parseDescription, type ModelDescription } from './model-description.js';
import { constantsOf } from './program.js';
import { tensorShapes } from './tensor-shapes.js';

/** An exported model: what `promptweave export RUN --to bundle` writes, in memory. */
export interface ModelFile {
  readonly description: ModelDescription;
  readonly tensors: StateDict;
}

/**
 * Reads an exported model.
 * @param where names it in errors
 * @throws CheckpointError where the bytes are none, or a tensor is missing or of another shape
 */
export function parseModel(bytes: Uint8Array, where: string): ModelFile {
  const { metadata, tensors } = parseSafetensors(bytes, where);
  return checkedModel(metadata[MODEL_KEY], tensors, where);
}

/** The same for a file that was opened otherwise. @param described what it says under {@link MODEL_KEY} */
export function checkedModel(described: string | undefined, tensors: StateDict, where: string): ModelFile {
  const description = parseDescription(described, where);
  const fail = (message: string): never => {
    throw new CheckpointError(message, { where, remedy: 'Write it anew: promptweave export RUN --to bundle.' });
  };
  const need = (name: string): HostTensor => tensors.get(name) ?? fail(`The model has no tensor "${name}".`);
  for (const [name, expected] of tensorShapes(description)) {
    const { shape } = need(name);
    const fits = shape.length === expected.length && expected.every((size, i) => size === -1 || size === shape[i]);
    if (!fits) fail(`The tensor "${name}" has the shape [${shape.join(', ')}], not [${expected.join(', ')}].`);
  }
  const { head, programs } = description;
  const used = Object.values(programs).flatMap((program) => constantsOf(program, ['rows']));
  if (head.kind === 'program') used.push(...constantsOf(head.program, ['features', 'promptRows']));
  for (const name of used) need(name);
  return { description, tensors };
}
