import { CheckpointError, sizeOf, type StoredType } from '@promptweave/core';
import { AllowedGlobal, InertObject, PickledTensor, type PickledStorage } from './pickled-values.js';

/** What PyTorch calls its storages → the type of their values. */
const storages: Readonly<Record<string, StoredType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

const MOST_DIMENSIONS = 16;

type Call = (args: unknown[], where: string) => unknown;

const first: Call = ([value]) => value;
const list: Call = ([items]) => (Array.isArray(items) ? [...items] : []);
const nothing: Call = () => null;

/** Functions and classes with a meaning here. Modules are named as in Python 2 and in Python 3. */
const functions: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', dictionary],
  ['collections.Counter', dictionary],
  ['collections.defaultdict', () => new Map()],
  ...['builtins', '__builtin__'].flatMap((module): [string, Call][] => [
    [`${module}.dict`, dictionary],
    [`${module}.list`, list],
    [`${module}.tuple`, list],
    [`${module}.set`, list],
    [`${module}.frozenset`, list],
    ...['int', 'long', 'float', 'bool', 'str', 'unicode', 'object'].map((name): [string, Call] => [
      `${module}.${name}`,
      nothing,
    ]),
  ]),
  ['torch.Size', list],
  ['torch.device', first],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', first],
  ['torch._utils._rebuild_parameter_with_state', first],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['torch.jit._pickle.restore_type_tag', first],
  ['torch.jit._pickle.build_intlist', first],
  ['torch.jit._pickle.build_doublelist', first],
  ['torch.jit._pickle.build_boollist', first],
  ['torch.jit._pickle.build_tensorlist', first],
  ['_codecs.encode', first],
]);

/**
 * Classes whose instances are kept as inert records: TorchScript's modules, and what training checkpoints hold beside
 * the weights (optimisers, schedules, NumPy scalars, option bags).
 */
const inert = [
  /^__torch__\.[\w.]+$/,
  /^torch\.optim\.[\w.]+$/,
  /^torch\.(Tensor|nn\.parameter\.Parameter)$/,
  /^torch\.(float|double|half|bfloat|u?int|long|short|bool|complex)\d*$/,
  /^numpy\.(dtype|(_?core)\.multiarray\.scalar)$/,
  /^(argparse\.Namespace|types\.SimpleNamespace)$/,
];

/**
 * Looks a global of a pickle up in the allow-list.
 *
 * @param where file and member, for errors
 * @throws CheckpointError naming a global that is not on the list
 */
export function allowedGlobal(module: string, name: string, where: string): AllowedGlobal {
  const qualified = `${module}.${name}`;
  if (['torch', 'torch.cuda'].includes(module) && Object.hasOwn(storages, name)) {
    return new AllowedGlobal(qualified, () => refuseCall(qualified, where), storages[name]);
  }
  const call = functions.get(qualified);
  if (call) return new AllowedGlobal(qualified, (args) => call(args, where));
  if (inert.some((pattern) => pattern.test(qualified))) {
    return new AllowedGlobal(qualified, () => new InertObject(qualified));
  }
  throw new CheckpointError(`The pickle asks for ${JSON.stringify(qualified)}, which no weights need.`, {
    where,
    remedy:
      'It was not executed. If you trust the file, load it in Python and save only the tensors: ' +
      '`torch.save(model.state_dict(), path)`, or safetensors.',
  });
}

function refuseCall(qualified: string, where: string): never {
  throw new CheckpointError(`The pickle calls ${qualified}, which only names a type.`, {
    where,
    remedy: 'The file is corrupt or was not written by torch.save: get it again, or convert it to safetensors.',
  });
}

function dictionary([entries]: unknown[]): Map<unknown, unknown> {
  if (entries instanceof Map) return new Map(entries);
  const pairs = Array.isArray(entries) ? entries : [];
  return new Map(pairs.filter(Array.isArray).map(([key, value]) => [key, value]));
}

/** `_rebuild_from_type_v2(function, type, args, state)`: a subclass of Tensor, rebuilt as the tensor that it is. */
function rebuildFromType([callee, , args]: unknown[], where: string): unknown {
  const isRebuild = callee instanceof AllowedGlobal && /^torch\._utils\._rebuild_tensor(_v2)?$/.test(callee.qualified);
  if (isRebuild && Array.isArray(args)) return rebuildTensor(args, where);
  throw malformed('A tensor is rebuilt by no known function', where);
}

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, …)`. */
function rebuildTensor([storage, offset, shape, strides]: unknown[], where: string): PickledTensor {
  // The lengths first: a list of a million sizes would be looked through for every tensor.
  const small = [shape, strides].every((sizes) => Array.isArray(sizes) && sizes.length <= MOST_DIMENSIONS);
  if (!small || !isStorage(storage) || !isIndex(offset) || !isIndices(shape) || !isIndices(strides)) {
    throw malformed('A tensor is not described by storage, offset, size and stride', where);
  }
  if (shape.length !== strides.length) {
    throw malformed(`A tensor has ${shape.length} sizes and ${strides.length} strides`, where);
  }
  const size = sizeOf(shape);
  const last = offset + shape.reduce((sum, count, axis) => sum + (count - 1) * strides[axis]!, 0);
  // A view with stride 0 could have any size: no weights are stored so, and it could exhaust the memory.
  if (size > storage.length || (size > 0 && last >= storage.length)) {
    throw malformed(
      `A tensor of shape [${shape.join(', ')}], strides [${strides.join(', ')}] from value ${offset} on does not lie ` +
        `within its storage of ${storage.length} values`,
      where,
    );
  }
  return new PickledTensor(storage, storage.offset + offset, shape, strides);
}

function isStorage(value: unknown): value is PickledStorage {
  return typeof value === 'object' && value !== null && 'key' in value && 'dtype' in value;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIndices(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isIndex);
}

function malformed(problem: string, where: string): CheckpointError {
  return new CheckpointError(`${problem}.`, {
    where,
    remedy: 'The file is corrupt or was not written by torch.save: get it again, or convert it to safetensors.',
  });
}
