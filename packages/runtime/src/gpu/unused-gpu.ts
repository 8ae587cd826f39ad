import type { GpuProblem } from '../../native/load.js';
import { hasNvidiaGpu } from './driver.js';

/** Why the GPU of a machine is not used, and what mends that. */
export interface UnusedGpu {
  readonly what: string;
  readonly remedy: string;
  /** Whether it should be used: a driver is loaded and the user hides no GPU. */
  readonly unexpected: boolean;
}

const remedies: Readonly<Record<GpuProblem['kind'], string>> = {
  hidden: 'Unset CUDA_VISIBLE_DEVICES, or name a GPU in it, to compute on one.',
  'libcuda.so.1':
    "Install NVIDIA's driver, so that `nvidia-smi` runs; start a container with the GPU (docker run --gpus all); under WSL add /usr/lib/wsl/lib to LD_LIBRARY_PATH.",
  'libnvidia-ml.so.1':
    "Install NVML, which comes with NVIDIA's driver; a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility.",
  driver:
    'See that `nvidia-smi` runs. CUDA 12 needs the driver 525 or newer; after an update of the driver the machine must be started anew.',
  libraries: 'Run `npx promptweave runtime install --gpu --force`.',
};

const reasons: Readonly<Record<GpuProblem['kind'], string>> = {
  hidden: 'GPUs are hidden',
  'libcuda.so.1': "NVIDIA's driver is not there",
  'libnvidia-ml.so.1': 'NVML is not there, without which TensorFlow counts no GPU',
  driver: 'the driver finds no GPU to work with',
  libraries: 'libraries of CUDA cannot be opened',
};

/** @param problem that was found before TensorFlow was loaded; without one it is TensorFlow that took none */
export function explainUnusedGpu(problem: GpuProblem | undefined): UnusedGpu {
  if (!problem) {
    return {
      what: 'CUDA is installed, but no GPU is used: TensorFlow took none, although the driver and all libraries open.',
      remedy:
        'See what it says: `TF_CPP_MIN_LOG_LEVEL=0 npx promptweave doctor`. It takes GPUs of compute capability 6.0 and newer.',
      unexpected: true,
    };
  }
  const { kind, message } = problem;
  const what = `CUDA is installed, but no GPU is used: ${reasons[kind]} (${message}).`;
  return { what, remedy: remedies[kind], unexpected: kind !== 'hidden' && (kind !== 'libcuda.so.1' || hasNvidiaGpu()) };
}
