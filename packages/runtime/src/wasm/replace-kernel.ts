import { getKernel, type KernelConfig, registerKernel, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** A kernel of the WebAssembly backend. */
export type WasmKernel<Inputs, Attributes, Output = TensorInfo> = (call: {
  inputs: Inputs;
  backend: BackendWasm;
  attrs: Attributes;
}) => Output;

/** A kernel of the WebAssembly backend as it is registered now. */
export function wasmKernel<Inputs, Attributes, Output = TensorInfo>(
  name: string,
): WasmKernel<Inputs, Attributes, Output> {
  return getKernel(name, 'wasm').kernelFunc as unknown as WasmKernel<Inputs, Attributes, Output>;
}

/** Replaces a kernel of the WebAssembly backend; its set-up stays. */
export function replaceKernel<Inputs, Attributes, Output = TensorInfo>(
  name: string,
  kernel: WasmKernel<Inputs, Attributes, Output>,
): void {
  const original = getKernel(name, 'wasm');
  unregisterKernel(name, 'wasm');
  registerKernel({ ...original, kernelFunc: kernel as unknown as KernelConfig['kernelFunc'] });
}
