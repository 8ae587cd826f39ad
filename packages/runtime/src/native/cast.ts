import { getKernel, type KernelConfig, registerKernel, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core';

interface Call {
  readonly inputs: { readonly x: TensorInfo };
  readonly attrs: { readonly dtype: string };
  readonly backend: { incRef(dataId: object): void };
}

/** A cast to the type that a tensor has hands nothing to TensorFlow: gradients of TensorFlow.js have one for nearly every product. */
export function registerCast(): void {
  const original = getKernel('Cast', 'tensorflow');
  const kernelFunc = (call: Call): TensorInfo => {
    const { x } = call.inputs;
    if (x.dtype !== call.attrs.dtype) {
      return original.kernelFunc(call as unknown as Parameters<typeof original.kernelFunc>[0]) as TensorInfo;
    }
    call.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  };
  unregisterKernel('Cast', 'tensorflow');
  registerKernel({ ...original, kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'] });
}
