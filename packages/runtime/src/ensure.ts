import { BackendError } from '@promptweave/core';
import { installRuntime } from './install/install.js';
import { type Installation, listRuntimes } from './install/installation.js';
import type { OnProgress } from './install/progress.js';

/** What `ensureRuntime` found or did. */
export interface EnsuredRuntime {
  /** The installation that will be used; absent where there is none and none could be made. */
  readonly installation?: Installation;
  /** Whether it was made just now. */
  readonly installed: boolean;
  /** Several lines for the user where WebAssembly has to do: why, what that costs, and how to mend it. */
  readonly warning?: string;
}

/**
 * Makes sure that there is a native backend where there can be one: installs it when the cache holds none. Where that cannot be
 * done it does not fail, because everything runs on WebAssembly too; the caller prints the warning.
 *
 * Setting `PROMPTWEAVE_BACKEND` to `wasm` or `cpu` says that none is wanted.
 */
export async function ensureRuntime(options: { onProgress?: OnProgress } = {}): Promise<EnsuredRuntime> {
  const present = (await listRuntimes()).find((entry) => !entry.problem);
  if (present) return { installation: present, installed: false };
  const wanted = process.env.PROMPTWEAVE_BACKEND ?? 'auto';
  if (wanted === 'wasm' || wanted === 'cpu') return { installed: false };
  try {
    return { installation: await installRuntime(options), installed: true };
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    return { installed: false, warning: warningOf(cause) };
  }
}

function warningOf(error: BackendError): string {
  return [
    'WARNING: the native TensorFlow backend could not be installed. Going on with WebAssembly, which is many times slower.',
    `  why:     ${error.message}`,
    ...(error.where ? [`  where:   ${error.where}`] : []),
    ...(error.remedy ? [`  to mend: ${error.remedy}`] : []),
    '  then:    npx promptweave runtime install',
  ].join('\n');
}
