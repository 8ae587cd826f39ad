import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { BackendChoice } from './select-backend.js';

/** Variables that decide which kernels compute, and in how many threads. */
const DECISIVE = ['OMP_NUM_THREADS', 'ONEDNN_MAX_CPU_ISA', 'TF_ENABLE_ONEDNN_OPTS', 'TF_NUM_INTRAOP_THREADS'] as const;

/**
 * Everything outside of a configuration that the last bits of a result depend on, as one line: the backend with its version and
 * operations, the processor, the threads; of a GPU its driver, which compiles, and whether products round to TF32; of a
 * CPU what multiplies bfloat16, if that was asked for. Two computations with
 * the same line give the same bits.
 */
export function describeComputation(choice: BackendChoice): string {
  const { name, tensorflowVersion, gpu, tensorFloat32, fused, bfloat16 } = choice;
  const products = bfloat16 && `${bfloat16} with attention`; // whose products were float32 at first
  const program = [name, tensorflowVersion, fused === undefined ? undefined : fused ? 'fused' : 'composed', products];
  const settings = DECISIVE.flatMap((variable) => {
    const value = process.env[variable];
    return value === undefined ? [] : [`${variable}=${value}`];
  });
  const device = gpu && `${gpu.name} (driver ${gpu.driver}, ${tensorFloat32 ? 'TF32' : 'float32'}),`;
  const machine = [device, `${availableParallelism()} × ${cpus()[0]?.model ?? process.arch}`, instructionSet()];
  return [program, machine, settings]
    .map((part) => part.filter((word) => word !== undefined).join(' '))
    .filter((part) => part !== '')
    .join(', ');
}

/** A short name for what the processor can do, on Linux: clouds give one model name to several processors. */
function instructionSet(): string | undefined {
  try {
    const [, flags] = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    return flags && `(${createHash('sha256').update(flags.trim()).digest('hex').slice(0, 6)})`;
  } catch {
    return undefined;
  }
}
