import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { replaceKernel, type WasmKernel, wasmKernel } from './replace-kernel.js';

type BatchMatMul = WasmKernel<{ a: TensorInfo; b: TensorInfo }, { transposeA: boolean; transposeB: boolean }>;

/** Multiplications in a product of two matrices from which on a call for each of a batch is faster. */
const WORTH_A_CALL = 16_384;

/**
 * Replaces the WebAssembly backend's product of matrices: the original takes a fast path (XNNPACK) for two matrices as they lie, and one
 * that is ten times slower for operands to transpose, which every gradient of a product meets, and for batches, which attention meets.
 */
export function registerBatchMatMul(): void {
  const original = wasmKernel('BatchMatMul') as BatchMatMul;
  const transpose = wasmKernel<{ x: TensorInfo }, { perm: number[] }>('Transpose');
  const transposed = (x: TensorInfo, backend: BackendWasm): TensorInfo => {
    const axes = x.shape.map((_, axis) => axis);
    const perm = [...axes.slice(0, -2), x.shape.length - 1, x.shape.length - 2];
    return transpose({ inputs: { x }, backend, attrs: { perm } });
  };
  const kernel: BatchMatMul = ({ inputs: { a, b }, backend, attrs }) => {
    const left = attrs.transposeA ? transposed(a, backend) : a;
    const right = attrs.transposeB ? transposed(b, backend) : b;
    const product = canBeTakenApart(left, right)
      ? oneByOne(left, right, backend)
      : original({ inputs: { a: left, b: right }, backend, attrs: { transposeA: false, transposeB: false } });
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return product;
  };
  replaceKernel('BatchMatMul', kernel);
}

/** Whether two batches have equally many matrices, several, large enough. */
function canBeTakenApart(a: TensorInfo, b: TensorInfo): boolean {
  const batch = a.shape.slice(0, -2);
  const [rows, inner, columns] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  return (
    util.arraysEqual(batch, b.shape.slice(0, -2)) &&
    util.sizeFromShape(batch) > 1 &&
    inner === b.shape.at(-2) &&
    rows * inner * columns >= WORTH_A_CALL &&
    a.dtype === 'float32' &&
    b.dtype === 'float32'
  );
}

/** `[…, rows, inner] · […, inner, columns]`, a call of the backend for each pair of matrices, which stay where they lie. */
function oneByOne(a: TensorInfo, b: TensorInfo, backend: BackendWasm): TensorInfo {
  const { tfjs, cwrap } = backend.wasm as typeof backend.wasm & { cwrap: (...words: unknown[]) => unknown };
  const types = ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number'];
  const multiply = cwrap('BatchMatMul', null, types) as (...words: unknown[]) => void;
  const [rows, inner, columns] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const output = backend.makeOutput([...a.shape.slice(0, -1), columns], 'float32');
  const ids = backend as unknown as { dataIdNextNumber: number };
  const bytesOf = (...shape: number[]): Uint8Array => new Uint8Array(new Int32Array(shape).buffer);
  const [ofA, ofB] = [bytesOf(1, rows, inner), bytesOf(1, inner, columns)];
  const operands = [a, b, output].map(({ dataId, shape }) => {
    const values = shape.at(-2)! * shape.at(-1)!;
    return { start: backend.getMemoryOffset(dataId), values };
  });
  for (let i = 0; i < util.sizeFromShape(a.shape.slice(0, -2)); i++) {
    const views = operands.map(({ start, values }) => {
      const id = ids.dataIdNextNumber++;
      tfjs.registerTensor(id, values, start + i * values * 4);
      return id;
    });
    multiply(views[0], ofA, 3, views[1], ofB, 3, false, false, views[2]);
    for (const id of views) tfjs.disposeData(id); // the name alone: what it names is the operand's
  }
  return output;
}
