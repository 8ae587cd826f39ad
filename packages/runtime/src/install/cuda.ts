import { chmod, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BackendError } from '@promptweave/core';
import type { InstalledFile } from './extract.js';
import { openUnpackedWheel, type WheelInformation, type WheelSource } from './wheel-source.js';

/**
 * What of nvidia's wheels is needed, of 5 GB: the runtime and the products of matrices are called, the compiler's files are read when TensorFlow
 * compiles operations while it runs. They keep their places, and lie beside `tensorflow/`.
 */
const needed = [
  { distribution: 'nvidia-cuda-runtime-cu12', file: /^nvidia\/cuda_runtime\/lib\/libcudart\.so[.\d]*$/ },
  { distribution: 'nvidia-cublas-cu12', file: /^nvidia\/cublas\/lib\/libcublas(?:Lt)?\.so[.\d]*$/ },
  {
    distribution: 'nvidia-cuda-nvcc-cu12',
    file: /^nvidia\/cuda_nvcc\/(?:nvvm\/libdevice\/libdevice\.10\.bc|bin\/ptxas)$/,
  },
];

/** Libraries that TensorFlow opens before it registers a GPU, and of which promptweave calls nothing: empty ones do. */
export const standIns = ['libcufft.so.11', 'libcusolver.so.11', 'libcusparse.so.12', 'libcudnn.so.8', 'libcudnn.so.9'];

/**
 * The requirements of nvidia's wheels that are needed, of those that the extra `and-cuda` of TensorFlow's wheel names.
 * @throws BackendError where that wheel was not made for CUDA 12
 */
export function cudaRequirements({ requirements, version }: WheelInformation): string[] {
  const named = requirements
    .filter((line) => /;.*extra\s*==\s*["']and-cuda["']/.test(line))
    .map((line) => (line.split(';')[0] ?? '').replace(/[\s()]/g, ''));
  return needed.map(({ distribution }) => {
    const found = named.find((requirement) => distributionOf(requirement) === distribution);
    if (found !== undefined) return found;
    throw new BackendError(`TensorFlow ${version} does not name ${distribution}: it was not made for CUDA 12.`, {
      where: '--gpu',
      remedy: 'Choose a version from 2.15 to 2.21 with `--tensorflow VERSION`, or leave --gpu out.',
    });
  });
}

/** The files to take from a wheel that {@link cudaRequirements} names. */
export function chooseCuda(wheel: WheelSource): Map<string, string> {
  const files = wheel.files.filter((file) => needed.some((entry) => entry.file.test(file)));
  if (files.length > 0) return new Map(files.map((file) => [file, file]));
  throw new BackendError(`${basename(wheel.where)} holds none of the files that are needed.`, {
    where: wheel.where,
    remedy: 'Give the wheel for Linux x86-64, of the version that TensorFlow names.',
  });
}

/** What a folder holds for one of these requirements: its wheel, packed or unpacked; undefined where it holds none. */
export async function givenCuda(folder: string, requirement: string): Promise<string | WheelSource | undefined> {
  const distribution = distributionOf(requirement);
  const start = `${distribution.replaceAll('-', '_')}-`;
  const names = await readdir(folder);
  const packed = names.find((name) => name.startsWith(start) && name.endsWith('.whl'));
  if (packed !== undefined) return join(folder, packed);
  const unpacked = names.some((name) => name.startsWith(start) && name.endsWith('.dist-info'));
  return unpacked ? openUnpackedWheel(folder, distribution) : undefined;
}

/** Makes programs among these files executable; a wheel's archive does not say so in a way that is read here. */
export async function makeExecutable(folder: string, files: Readonly<Record<string, InstalledFile>>): Promise<void> {
  for (const file of Object.keys(files)) if (/\/bin\/[^/]+$/.test(file)) await chmod(join(folder, file), 0o755);
}

const distributionOf = (requirement: string): string => requirement.replace(/[<>=!~].*$/, '');
