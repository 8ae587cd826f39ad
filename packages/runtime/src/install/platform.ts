import { BackendError } from '@promptweave/core';

/** What pip must be asked for, and what the wheel calls its files, on one kind of machine. */
export interface WheelPlatform {
  /** Node's names, `linux-x64` and so on. */
  readonly machine: string;
  /** The distribution without CUDA kernels. */
  readonly distribution: string;
  /** The distribution with them; absent where there is none. */
  readonly cudaDistribution?: string;
  /** Values for pip's `--platform`; pip takes the newest wheel that fits any of them. */
  readonly pipPlatforms: readonly string[];
  /** The two libraries, relative to the wheel's root. The first one has the C API and needs the second. */
  readonly libraries: readonly [string, string];
}

function manylinux(architecture: string): string[] {
  const glibc = ['2_17', '2_24', '2_27', '2_28', '2_31', '2_34'];
  return [...glibc.map((version) => `manylinux_${version}_${architecture}`), `manylinux2014_${architecture}`];
}

const linuxLibraries = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'] as const;

const platforms: readonly WheelPlatform[] = [
  {
    machine: 'linux-x64',
    distribution: 'tensorflow-cpu',
    cudaDistribution: 'tensorflow',
    pipPlatforms: manylinux('x86_64'),
    libraries: linuxLibraries,
  },
  {
    machine: 'linux-arm64',
    distribution: 'tensorflow',
    pipPlatforms: manylinux('aarch64'),
    libraries: linuxLibraries,
  },
  {
    machine: 'darwin-arm64',
    distribution: 'tensorflow',
    pipPlatforms: ['macosx_12_0_arm64'],
    libraries: ['tensorflow/libtensorflow_cc.2.dylib', 'tensorflow/libtensorflow_framework.2.dylib'],
  },
];

/**
 * The entry of the table for a machine.
 * @throws BackendError where there is no native backend; it says which way is left
 */
export function wheelPlatform(platform: string = process.platform, architecture: string = process.arch): WheelPlatform {
  const machine = `${platform}-${architecture}`;
  const found = platforms.find((entry) => entry.machine === machine);
  if (found) return found;
  const remedy =
    platform === 'win32'
      ? 'Use WSL (`wsl --install`, then work inside Linux), where the native backend installs; or go on with the backend `wasm`.'
      : `Use the backend \`wasm\`, or one of ${platforms.map((entry) => entry.machine).join(', ')}.`;
  throw new BackendError(`There is no native TensorFlow for ${machine}.`, { where: machine, remedy });
}

/** The Python whose wheels are taken; the user's own Python may be any version, only the libraries inside are used. */
export const wheelPython = { version: '3.11', implementation: 'cp', abi: 'cp311' } as const;

/** The version installed when none is asked for. */
export const defaultTensorflow = '2.21.0';

/** SHA-256 of the published wheels of the default version. A file of that name with another content is refused, whoever gave it. */
export const knownWheels: Readonly<Record<string, string>> = {
  'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl':
    '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl':
    '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl':
    '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl':
    '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
};
