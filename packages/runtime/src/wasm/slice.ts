import { slice_util, type TensorInfo, type TypedArray, util } from '@tensorflow/tfjs-core';
import { replaceKernel, type WasmKernel, wasmKernel } from './replace-kernel.js';

type Slice = WasmKernel<{ x: TensorInfo }, { begin: number | number[]; size: number | number[] }>;

/** Shorter runs than this are copied value by value: to make a view takes as long. */
const SHORT = 32;

/** Parts of a tensor, copied from where it lies: the WebAssembly backend's own kernels copy all of it first, for every part. */
export function registerSlice(): void {
  const original = wasmKernel('Slice') as Slice;
  const slice: Slice = ({ inputs: { x }, backend, attrs }) => {
    if (x.dtype === 'string' || x.shape.length === 0) return original({ inputs: { x }, backend, attrs });
    const [begin, size] = slice_util.parseSliceParams(x as never, attrs.begin, attrs.size);
    const output = backend.makeOutput(size, x.dtype);
    // Views of the heap only now: making the output may have moved it.
    copyPart(backend.typedArrayFromHeap(x), x.shape, begin, size, backend.typedArrayFromHeap(output));
    return output;
  };
  replaceKernel('Slice', slice);
  replaceKernel<{ value: TensorInfo }, { axis: number }, TensorInfo[]>(
    'Unpack',
    ({ inputs: { value }, backend, attrs: { axis } }) => {
      const along = util.parseAxisParam(axis, value.shape)[0]!;
      const size = value.shape.with(along, 1);
      const begin = value.shape.map(() => 0);
      return Array.from({ length: value.shape[along]! }, (_, i) => ({
        ...slice({ inputs: { x: value }, backend, attrs: { begin: begin.with(along, i), size } }),
        shape: value.shape.toSpliced(along, 1),
      }));
    },
  );
}

/** Copies `size` values from `begin` on, along each axis of `x: shape`, in runs that lie together. */
function copyPart(
  x: TypedArray,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
  output: TypedArray,
): void {
  const strides = [...util.computeStrides([...shape]), 1];
  let outer = shape.length - 1; // axes before the one along which a run goes
  while (outer > 0 && size[outer] === shape[outer]) outer--;
  const run = size[outer]! * strides[outer]!;
  const runs = util.sizeFromShape(size.slice(0, outer));
  const start = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  for (let r = 0; r < runs; r++) {
    let from = start;
    for (let axis = outer - 1, rest = r; axis >= 0; axis--) {
      from += (rest % size[axis]!) * strides[axis]!;
      rest = Math.floor(rest / size[axis]!);
    }
    if (run >= SHORT) output.set(x.subarray(from, from + run), r * run);
    else for (let i = 0; i < run; i++) output[r * run + i] = x[from + i]!;
  }
}
