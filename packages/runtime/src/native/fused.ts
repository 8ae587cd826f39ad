import { registerKernel, type KernelConfig, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';

/** The part of tfjs-node's backend that calls an operation. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_INT: number };
  executeMultipleOutputs(
    operation: string,
    attributes: readonly object[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): TensorInfo[];
}

interface Call {
  /** Lists of tensors, in order. */
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: NamedAttrMap;
  readonly backend: NativeBackend;
}

/** The operations of native/fused/fused.cc and how many outputs they have. */
const operations: Readonly<Record<string, (attributes: NamedAttrMap) => number>> = {
  AddProduct: () => 1,
  Standardise: () => 2,
  StandardiseSum: () => 3,
  StandardiseBackward: () => 1,
  Silu: () => 1,
  SiluAndSlope: () => 2,
  Softmax: () => 1,
  SoftmaxBackward: () => 1,
  SplitHeads: ({ parts }) => parts as number,
  MergeHeads: () => 1,
  LowRankDown: () => 1,
  LowRankBackward: () => 3,
  AddLowRank: () => 1,
};

/** Those of native/fused/bfloat16.h, mlp.h and attention.h, which need its instructions. */
const ofBfloat16: typeof operations = {
  PackWeight: () => 1,
  UnpackWeight: () => 1,
  Bfloat16Product: () => 1,
  Bfloat16Mlp: () => 1,
  Bfloat16MlpAndSlope: () => 2,
  Bfloat16MlpBackward: () => 1,
  Bfloat16Attention: () => 2,
  Bfloat16AttentionBackward: () => 3,
};

/** Names of those that are kernels only where the CPU multiplies bfloat16. */
export const bfloat16Operations: readonly string[] = Object.keys(ofBfloat16);

/** Names of all operations, which an installation was compiled with or was not: for whichever CPU. */
export const fusedOperations: readonly string[] = Object.keys({ ...operations, ...ofBfloat16 });

/** Makes the operations kernels of the backend 'tensorflow'; their attributes are integers and lists of integers. */
export function registerFusedKernels(bfloat16: boolean): void {
  for (const [operation, outputs] of Object.entries({ ...operations, ...(bfloat16 && ofBfloat16) })) {
    const kernelName = `Promptweave${operation}`;
    const kernelFunc = ({ inputs, attrs, backend }: Call): TensorInfo[] => {
      const type = backend.binding.TF_ATTR_INT;
      const attributes = Object.entries(attrs).map(([name, value]) => ({ name, type, value }));
      return backend.executeMultipleOutputs(kernelName, attributes, Object.values(inputs), outputs(attrs));
    };
    registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'],
    });
  }
}
