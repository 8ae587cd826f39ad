import { fileURLToPath } from 'node:url';
import { BackendError } from '@promptweave/core';
import { lastLines } from './pip.js';

/**
 * Runs an installation in a process of its own: a product of matrices and its gradient, compared with plain arithmetic.
 * @throws BackendError where it does not load, crashes, computes wrong numbers, or is not the expected version
 */
export async function checkInstallation(folder: string, version: string): Promise<void> {
  const script = fileURLToPath(new URL('../../native/self-check.js', import.meta.url));
  const { execa } = await import('execa');
  const result = await execa(process.execPath, [script, folder], { reject: false, stdin: 'ignore', timeout: 180_000 });
  const reason = result.failed
    ? (reasonOf(result.stderr) ?? result.shortMessage)
    : wrongVersion(result.stdout, version);
  if (!reason) return;
  throw new BackendError(`TensorFlow ${version} was unpacked and compiled, but does not run here: ${reason}`, {
    where: folder,
    remedy:
      'Try another version (`npx promptweave runtime install --tensorflow 2.18.0`), or go on with the backend `wasm`. Old systems (glibc before 2.27) and CPUs without AVX are not supported by TensorFlow.',
    cause: result,
  });
}

function wrongVersion(output: string, expected: string): string | undefined {
  const { tensorflowVersion } = JSON.parse(output) as { tensorflowVersion: string };
  return tensorflowVersion === expected ? undefined : `it says it is ${tensorflowVersion}`;
}

/** The line with the error's message out of what Node prints for an uncaught error. */
function reasonOf(output: string): string | undefined {
  return output.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? (output === '' ? undefined : lastLines(output));
}
