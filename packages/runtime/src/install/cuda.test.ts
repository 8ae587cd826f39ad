import { expect, test } from 'vitest';
import { chooseCuda, cudaRequirements } from './cuda.js';

const information = (requirements: string[]) => ({
  name: 'tensorflow',
  version: '2.21.0',
  requirements,
  hashes: new Map(),
});
const wheel = (files: string[]) =>
  ({ where: '/w/nvidia_x-1.whl', files }) as unknown as Parameters<typeof chooseCuda>[0];

test('of what TensorFlow names, the runtime, cuBLAS and the compiler are taken', () => {
  const extra = 'extra == "and-cuda"';
  const named = [
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-cudnn-cu12<10.0,>=9.3',
    'nvidia-cuda-nvcc-cu12<13.0,>=12.5.82',
    'nvidia-cuda-runtime-cu12<13.0,>=12.5.82',
  ];
  const requirements = [...named.map((line) => `${line}; ${extra}`), 'numpy>=1.26.0'];
  expect(cudaRequirements(information(requirements))).toEqual([named[3], named[0], named[2]]);
});

test('a build for another CUDA is refused by name', () => {
  expect(() => cudaRequirements(information(['nvidia-cublas-cu11==11.11; extra == "and-cuda"']))).toThrow(
    'TensorFlow 2.21.0 does not name nvidia-cuda-runtime-cu12: it was not made for CUDA 12.',
  );
});

test('of a wheel, what is called or read is taken, and one without that is refused', () => {
  const files = [
    'nvidia/cublas/lib/libcublas.so.12',
    'nvidia/cublas/lib/libcublasLt.so.12',
    'nvidia/cublas/lib/libnvblas.so.12',
    'nvidia/cublas/include/cublas.h',
  ];
  expect([...chooseCuda(wheel(files)).keys()]).toEqual(files.slice(0, 2));
  const compiler = [
    'nvidia/cuda_nvcc/bin/ptxas',
    'nvidia/cuda_nvcc/bin/nvcc',
    'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc',
  ];
  expect([...chooseCuda(wheel(compiler)).keys()]).toEqual([compiler[0], compiler[2]]);
  expect(() => chooseCuda(wheel(['nvidia/cublas/include/cublas.h']))).toThrow('holds none of the files');
});
