import {
  dispose,
  getKernel,
  type KernelConfig,
  registerKernel,
  type Tensor,
  type TensorInfo,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';

interface Call {
  readonly inputs: { readonly x: TensorInfo; readonly segmentIds: TensorInfo };
  readonly attrs: { readonly numSegments: number };
  readonly backend: unknown;
}

/** Numbers of the largest table of rows and segments that is made at once: 64 MiB. */
const MOST = 2 ** 24;

/**
 * On a GPU, sums rows that share a segment (the gradient of `gather`) as a product of matrices, whose order of additions is always the same.
 * TensorFlow's own kernel adds with atomics, in whatever order its threads come, and no two runs have the same bits.
 */
export function registerOrderedSegmentSum(): void {
  const original = getKernel('UnsortedSegmentSum', 'tensorflow');
  const kernelFunc = (call: Call): TensorInfo =>
    call.inputs.x.dtype === 'float32' && call.inputs.segmentIds.shape.length === 1
      ? orderedSegmentSum(call)
      : (original.kernelFunc(call as unknown as Parameters<typeof original.kernelFunc>[0]) as TensorInfo);
  unregisterKernel('UnsortedSegmentSum', 'tensorflow');
  registerKernel({ ...original, kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'] });
}

/** `[rows, …] → [numSegments, …]`; rows whose id is no segment are left out. @param most numbers of the table that is made at once */
export function orderedSegmentSum({ inputs, attrs, backend }: Call, most = MOST): TensorInfo {
  const call = (name: string, given: Record<string, TensorInfo>, options: object): TensorInfo =>
    getKernel(name, 'tensorflow').kernelFunc({ inputs: given, backend, attrs: options } as never) as TensorInfo;
  const { x, segmentIds } = inputs;
  const { numSegments } = attrs;
  const rows = segmentIds.shape[0]!;
  const rest = x.shape.slice(1);
  const width = util.sizeFromShape(rest);
  const values = call('Reshape', { x }, { shape: [rows, width] });
  const made: TensorInfo[] = [values];
  const keep = (info: TensorInfo): TensorInfo => (made.push(info), info);
  const step = Math.max(1, Math.floor(most / Math.max(1, numSegments)));
  let total: TensorInfo | undefined;
  for (let begin = 0; begin < Math.max(1, rows); begin += step) {
    const size = Math.min(step, rows - begin);
    const part = keep(call('Slice', { x: values }, { begin: [begin, 0], size: [size, width] }));
    const indices = keep(call('Slice', { x: segmentIds }, { begin: [begin], size: [size] }));
    const table = keep(call('OneHot', { indices }, { dtype: 'float32', depth: numSegments, onValue: 1, offValue: 0 }));
    // [size, numSegments]ᵀ · [size, width]
    const sums = keep(call('BatchMatMul', { a: table, b: part }, { transposeA: true, transposeB: false }));
    total = total ? keep(call('Add', { a: total, b: sums }, {})) : sums;
  }
  const result = call('Reshape', { x: total! }, { shape: [numSegments, ...rest] });
  dispose(made as Tensor[]); // what the native kernels give are tensors
  return result;
}
