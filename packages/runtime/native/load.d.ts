/** Bytes. */
export interface GpuMemory {
  readonly name: string;
  /** As nvidia's tools write it: `GPU-…`, of a part of one `MIG-…`. */
  readonly uuid: string;
  readonly total: number;
  readonly free: number;
}

/** Functions of gpu.cc. */
export interface GpuAddon {
  /** The linker's message where a library cannot be opened. */
  open(library: string): string | undefined;
  driverError(): string | undefined;
  /** UUID of the first GPU that this process sees, without what stands before it. */
  firstGpu(): string | undefined;
  /** Undefined without NVML. */
  gpus(): { readonly driver: string; readonly gpus: readonly GpuMemory[] } | undefined;
  gpu(uuid: string): GpuMemory | undefined;
  /** False where the library, which must be loaded, has no such switch. */
  allowTensorFloat32(library: string, on: boolean): boolean;
}

/** The GPU that a process computes on; `free` is from before it took any. */
export interface FirstGpu extends GpuMemory {
  /** Version of the driver. */
  readonly driver: string;
}

/** Why a process cannot use a GPU. */
export interface GpuProblem {
  readonly kind: 'hidden' | 'libcuda.so.1' | 'libnvidia-ml.so.1' | 'driver' | 'libraries';
  readonly message: string;
}

/** What an installation for GPUs knows of them. */
export interface NativeGpu {
  readonly addon: GpuAddon;
  /** The GPU that computes, unless there is a problem. */
  readonly first?: FirstGpu;
  readonly problem?: GpuProblem;
  /** False where TensorFlow has no such switch. It must be loaded. */
  allowTensorFloat32(on: boolean): boolean;
}

/** What multiplies bfloat16, as Linux names it. */
export type Bfloat16Instruction = 'amx_bf16' | 'avx512_bf16';

/** Functions of programs/programs.cc; they throw what TensorFlow says. */
export interface ProgramsAddon {
  /** @param graph a serialised GraphDef @param inputs and `outputs`: of its nodes, `node:index` */
  add(name: string, graph: Uint8Array, inputs: readonly string[], outputs: readonly string[]): void;
  /** On a GPU, programs that stay take longer at their next call: what TensorFlow prepared for it goes as well. */
  remove(names: readonly string[]): void;
}

/** See load.js. Throws what the dynamic loader or the binding throws. */
export function loadNative(
  folder: string,
  tfjs: object,
  compiled?: string,
): {
  tensorflowVersion: string;
  usesGpu: boolean;
  fused: boolean;
  /** The CPU's instruction for products of bfloat16 that the fused operations use. */
  bfloat16?: Bfloat16Instruction;
  programs?: ProgramsAddon;
  gpu?: NativeGpu;
};
