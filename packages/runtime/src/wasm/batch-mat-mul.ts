import {
  getKernel,
  type KernelConfig,
  type NamedAttrMap,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * Replaces the WebAssembly backend's product of matrices by one that transposes operands first: the original takes a fast path
 * (XNNPACK) for operands as they lie and a many times slower one otherwise, which every gradient of a product meets.
 */
export function registerBatchMatMul(): void {
  const original = getKernel('BatchMatMul', 'wasm');
  const transpose = getKernel('Transpose', 'wasm');
  const transposed = (x: TensorInfo, backend: BackendWasm): TensorInfo => {
    const axes = x.shape.map((_, axis) => axis);
    const perm = [...axes.slice(0, -2), x.shape.length - 1, x.shape.length - 2];
    return transpose.kernelFunc({ inputs: { x }, backend, attrs: { perm } }) as TensorInfo;
  };
  const kernelFunc = ({
    inputs: { a, b },
    backend,
    attrs,
  }: {
    inputs: { a: TensorInfo; b: TensorInfo };
    backend: BackendWasm;
    attrs: { transposeA: boolean; transposeB: boolean };
  }): TensorInfo => {
    const left = attrs.transposeA ? transposed(a, backend) : a;
    const right = attrs.transposeB ? transposed(b, backend) : b;
    const plain = { transposeA: false, transposeB: false } as NamedAttrMap;
    const product = original.kernelFunc({ inputs: { a: left, b: right }, backend, attrs: plain }) as TensorInfo;
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return product;
  };
  unregisterKernel('BatchMatMul', 'wasm');
  registerKernel({ ...original, kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'] });
}
