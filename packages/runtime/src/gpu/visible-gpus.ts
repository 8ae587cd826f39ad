import { listRuntimes } from '../install/installation.js';
import { gpuAddon, mayUseGpu, visibleEntries } from './driver.js';

/** A GPU that may be given to a process. */
export interface VisibleGpu {
  /** The value of CUDA_VISIBLE_DEVICES with which a process sees it alone. */
  readonly id: string;
  /** Undefined where NVML does not know it. */
  readonly name?: string;
  /** Bytes of it that nobody has now; undefined where NVML does not know it. */
  readonly free?: number;
}

/**
 * The GPUs that processes of this one can compute on: none without an installation for them, of several those that CUDA_VISIBLE_DEVICES
 * names. Loads nothing of CUDA but NVML.
 */
export async function visibleGpus(): Promise<VisibleGpu[]> {
  const installation = (await listRuntimes()).find((entry) => entry.variant === 'cuda' && !entry.problem);
  if (!installation || !mayUseGpu(installation)) return [];
  const addon = gpuAddon(installation);
  const all = addon.gpus()?.gpus ?? [];
  const entries = visibleEntries();
  if (!entries) return all.map(({ uuid, name, free }) => ({ id: uuid, name, free }));
  return entries.map((id) => {
    const { name, free } = (/^\d+$/.test(id) ? all[Number(id)] : addon.gpu(id)) ?? {};
    return { id, name, free };
  });
}
