import { BackendError } from '@promptweave/core';
import type { Bfloat16Instruction } from '../native/load.js';
import { loadNativeBackend } from './backends/native.js';
import { loadTfjs } from './backends/load-tfjs.js';
import { cpuFlags, cpuVendor } from './cpu-flags.js';
import { listRuntimes } from './install/installation.js';

/** What frozen weights are multiplied with. */
export type Precision = 'float32' | 'bfloat16';

/** What multiplies bfloat16, and why float32 is faster where it is; or why nothing does. */
export type Bfloat16 =
  | { readonly instruction: Bfloat16Instruction; readonly slower?: string }
  | { readonly not: string; readonly remedy: string };

/** A backend, as `selectBackend` chose it. */
interface Chosen {
  readonly name: string;
  readonly gpu?: { readonly name: string };
  readonly installation?: string;
  readonly fused?: boolean;
}

/** What {@link explainBfloat16} looks at besides. */
export interface Machine {
  /** What Linux says that the CPU can do. */
  readonly flags: readonly string[];
  readonly vendor?: string;
  /** What the loaded operations multiply bfloat16 with. */
  readonly loaded?: Bfloat16Instruction;
  /** Why the installation has no fused operations. */
  readonly notFused?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The instructions for products of bfloat16, the faster first. */
const instructions: readonly Bfloat16Instruction[] = ['amx_bf16', 'avx512_bf16'];

const WITHOUT_AMX =
  'the avx512_bf16 of Intel’s CPUs multiplies half as fast as their float32; amx_bf16 is what makes it faster, and is not there.';

/** What multiplies bfloat16 on a backend. */
export async function bfloat16On(choice: Chosen): Promise<Bfloat16> {
  const onCpu = choice.name === 'tensorflow' && !choice.gpu;
  const native = onCpu ? await loadNativeBackend(await loadTfjs()) : undefined;
  const { notFused } = (onCpu && (await listRuntimes()).find(({ name }) => name === choice.installation)) || {};
  return explainBfloat16(choice, {
    flags: await cpuFlags(),
    vendor: await cpuVendor(),
    loaded: native?.bfloat16,
    notFused,
    environment: process.env,
  });
}

/** {@link bfloat16On} a machine that is given. */
export function explainBfloat16({ name, gpu, installation, fused }: Chosen, machine: Machine): Bfloat16 {
  const { flags, vendor, loaded, notFused, environment } = machine;
  const elsewhere = 'Take the backend tensorflow on a CPU';
  if (gpu) return { not: `there is nothing for it on a GPU yet, and ${gpu.name} computes.`, remedy: elsewhere };
  if (name !== 'tensorflow') return { not: `the backend ${name} has none.`, remedy: elsewhere };
  if (loaded === 'avx512_bf16' && vendor === 'GenuineIntel') return { instruction: loaded, slower: WITHOUT_AMX };
  if (loaded) return { instruction: loaded };
  if (!instructions.some((flag) => flags.includes(flag))) {
    return {
      not: `this CPU has neither ${instructions.join(' nor ')}, and without them float32 is faster.`,
      remedy: 'Compute on a CPU that has one (`promptweave doctor` says it)',
    };
  }
  const { PROMPTWEAVE_FUSED, ONEDNN_MAX_CPU_ISA } = environment;
  if (PROMPTWEAVE_FUSED === '0') {
    return { not: 'it needs the fused operations, and PROMPTWEAVE_FUSED is 0.', remedy: 'Unset PROMPTWEAVE_FUSED' };
  }
  const again = 'Run `npx promptweave runtime install --force`';
  if (!fused) {
    const reason = notFused ?? 'it was made without.';
    return { not: `it needs the fused operations, which ${installation} has not: ${reason}`, remedy: again };
  }
  if (ONEDNN_MAX_CPU_ISA) {
    return { not: `ONEDNN_MAX_CPU_ISA is ${ONEDNN_MAX_CPU_ISA}.`, remedy: 'Unset ONEDNN_MAX_CPU_ISA' };
  }
  return {
    not: `the fused operations of ${installation} were compiled without it.`,
    remedy: `${again} with GCC 11, Clang 12 or newer`,
  };
}

/** @throws BackendError where nothing multiplies bfloat16 */
export function requireBfloat16(found: Bfloat16): Bfloat16Instruction {
  if ('instruction' in found) return found.instruction;
  throw new BackendError(`Products of bfloat16 cannot be computed: ${found.not}`, {
    where: 'runtime.precision: bfloat16',
    remedy: `${found.remedy}, or set runtime.precision to float32; auto takes bfloat16 where it is faster.`,
  });
}
