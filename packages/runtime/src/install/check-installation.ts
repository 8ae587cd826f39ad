import { fileURLToPath } from 'node:url';
import { BackendError } from '@promptweave/core';
import type { GpuProblem } from '../../native/load.js';
import { lastLines } from './pip.js';

/** What an installation does on this machine. */
export interface CheckedInstallation {
  readonly tensorflowVersion: string;
  readonly usesGpu: boolean;
  /** How many operations were compared. */
  readonly operations: number;
  /** Name of the GPU that computed. */
  readonly gpu?: string;
  /** Why an installation for GPUs uses none. */
  readonly problem?: GpuProblem;
}

/**
 * Runs an installation in a process of its own: one of every operation that is used, compared with plain arithmetic.
 * @throws BackendError where it does not load, crashes, computes wrong numbers, or is not the expected version
 */
export async function checkInstallation(folder: string, version: string): Promise<CheckedInstallation> {
  const script = fileURLToPath(new URL('../../native/self-check.js', import.meta.url));
  const { execa } = await import('execa');
  const result = await execa(process.execPath, [script, folder], { reject: false, stdin: 'ignore', timeout: 600_000 });
  if (result.failed) throw doesNotRun(folder, version, reasonOf(result.stderr) ?? result.shortMessage, result);
  const checked = JSON.parse(result.stdout) as CheckedInstallation;
  if (checked.tensorflowVersion === version) return checked;
  throw doesNotRun(folder, version, `it says it is ${checked.tensorflowVersion}`, result);
}

function doesNotRun(folder: string, version: string, reason: string | undefined, cause: unknown): BackendError {
  return new BackendError(`TensorFlow ${version} was unpacked and compiled, but does not run here: ${reason}`, {
    where: folder,
    remedy:
      'Try another version (`npx promptweave runtime install --tensorflow 2.18.0`), or go on with the backend `wasm`. Old systems (glibc before 2.27) and CPUs without AVX are not supported by TensorFlow.',
    cause,
  });
}

/** The line with the error's message out of what Node prints for an uncaught error. */
function reasonOf(output: string): string | undefined {
  return output.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? (output === '' ? undefined : lastLines(output));
}
