import { CheckpointError } from '@promptweave/core';
import { InertObject, PickledTensor } from './pickled-values.js';

/** Keys under which training scripts keep the weights beside epoch, optimiser and the like. */
const WEIGHT_KEYS = ['state_dict', 'model_state_dict', 'model'];
/** Key under which some (CLIP-LoRA) say how the weights were trained. */
const METADATA = 'metadata';
const DEEPEST = 64;
const MOST_ENTRIES = 100_000;
const LONGEST_NAME = 1000;

/** Tensors and plain values of an unpickled object, by their dotted names. */
export interface FlatState {
  readonly tensors: Map<string, PickledTensor>;
  /** Numbers, texts and booleans that stood beside the weights: epoch, accuracy, …, metadata.alpha, … */
  readonly values: Record<string, number | string | boolean>;
  /** Names of dictionaries and lists that stood beside the weights, empty ones apart. */
  readonly aside: readonly string[];
}

/**
 * Names every tensor of a state dictionary, of a training checkpoint that holds one, or of a TorchScript module.
 *
 * @throws CheckpointError when the object is none of these, or contains itself
 */
export function flatten(root: unknown, where: string): FlatState {
  const outer = membersOf(root);
  if (!outer) {
    throw new CheckpointError(`The file holds ${kindOf(root)}, not a state dictionary.`, {
      where,
      remedy: 'Save the weights with torch.save(model.state_dict(), path).',
    });
  }
  const key = WEIGHT_KEYS.find((name) => membersOf(outer.get(name)));
  const weights = key === undefined ? outer : membersOf(outer.get(key))!;
  const tensors = new Map<string, PickledTensor>();
  let entries = 0;
  const visit = (members: Map<unknown, unknown>, prefix: string, depth: number): void => {
    if (depth > DEEPEST) throw tooDeep(where);
    for (const [name, value] of members) {
      if (++entries > MOST_ENTRIES) throw tooDeep(where);
      // Only plain keys: the text of a nested tuple could grow without bound.
      if (typeof name !== 'string' && typeof name !== 'number') throw nameless(where);
      const path = `${prefix}${name}`;
      if (path.length > LONGEST_NAME) throw nameless(where);
      const inner = membersOf(value);
      if (value instanceof PickledTensor) tensors.set(path, value);
      else if (inner) visit(inner, `${path}.`, depth + 1);
    }
  };
  visit(weights, '', 0);
  const aside = weights === outer ? [] : [...outer].filter(([name, value]) => name !== key && isFull(value));
  return {
    tensors,
    values: { ...valuesOf(outer), ...valuesOf(membersOf(outer.get(METADATA)) ?? new Map(), `${METADATA}.`) },
    aside: aside.flatMap(([name]) => (typeof name === 'string' ? [name.slice(0, LONGEST_NAME)] : [])),
  };
}

function valuesOf(members: Map<unknown, unknown>, prefix = ''): FlatState['values'] {
  return Object.fromEntries([...members].filter(isPlain).map(([name, value]) => [`${prefix}${name}`, value]));
}

function isFull(value: unknown): boolean {
  return (membersOf(value)?.size ?? (Array.isArray(value) ? value.length : 0)) > 0;
}

function membersOf(value: unknown): Map<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  const isModule = value instanceof InertObject && value.className.startsWith('__torch__.');
  return isModule && value.state instanceof Map ? value.state : undefined;
}

function isPlain(entry: [unknown, unknown]): entry is [string, number | string | boolean] {
  return typeof entry[0] === 'string' && ['number', 'string', 'boolean'].includes(typeof entry[1]);
}

function kindOf(value: unknown): string {
  if (value instanceof InertObject) return `an object of class ${value.className}`;
  if (value instanceof PickledTensor) return 'a single tensor';
  return Array.isArray(value) ? 'a list' : `a value of type ${value === null ? 'None' : typeof value}`;
}

function tooDeep(where: string): CheckpointError {
  return new CheckpointError('The state dictionary contains itself, or is nested without end.', {
    where,
    remedy: 'The file is corrupt or malicious: get the weights from another place.',
  });
}

function nameless(where: string): CheckpointError {
  return new CheckpointError(`A key of the state dictionary is no text of at most ${LONGEST_NAME} characters.`, {
    where,
    remedy: 'Save the weights alone, with torch.save(model.state_dict(), path).',
  });
}
