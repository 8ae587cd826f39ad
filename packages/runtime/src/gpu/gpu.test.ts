import { afterEach, expect, test, vi } from 'vitest';
import { oneGpu } from '../../native/gpu.js';
import { describeComputation } from '../computation.js';
import { visibleEntries } from './driver.js';
import { explainUnusedGpu } from './unused-gpu.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  [undefined, '0'],
  ['2', '2'],
  ['1,0', '1'],
  [' GPU-1f, GPU-2a', 'GPU-1f'],
  ['', ''],
  ['-1', '-1'],
])('of the GPUs %j a process sees %j', (given, one) => {
  expect(oneGpu(given)).toBe(one);
});

test.each([
  [undefined, undefined],
  ['', []],
  ['-1', []],
  ['NoDevFiles', []],
  ['3,1', ['3', '1']],
  ['0,-1,1', ['0']],
  ['MIG-7e,GPU-2a', ['MIG-7e', 'GPU-2a']],
])('CUDA_VISIBLE_DEVICES %j names %j, as CUDA reads it', (value, entries) => {
  vi.stubEnv('CUDA_VISIBLE_DEVICES', value);
  expect(visibleEntries()).toEqual(entries);
});

test.each([
  ['hidden', /hidden/, /Unset CUDA_VISIBLE_DEVICES/, false],
  ['libcuda.so.1', /driver is not there/, /nvidia-smi/, false],
  ['libnvidia-ml.so.1', /NVML is not there/, /NVIDIA_DRIVER_CAPABILITIES/, true],
  ['driver', /finds no GPU/, /driver 525/, true],
  ['libraries', /cannot be opened/, /--gpu --force/, true],
] as const)('a GPU that is not used for %s: reason and cure', (kind, reason, cure, unexpected) => {
  const found = explainUnusedGpu({ kind, message: 'the very words' });
  expect(found.what).toMatch(/^CUDA is installed, but no GPU is used: .*\(the very words\)\.$/);
  expect(found.what).toMatch(reason);
  expect(found.remedy).toMatch(cure);
  expect(found.unexpected).toBe(unexpected);
});

test('results of a CPU, of its instructions for bfloat16, of a GPU, of its driver and in TF32 are told apart', () => {
  const choice = { name: 'tensorflow', why: '', tensorflowVersion: '2.21.0', fused: false } as const;
  const gpu = { name: 'A GPU', memory: 2 ** 36, driver: '580.65' };
  const lines = [
    describeComputation(choice),
    describeComputation({ ...choice, gpu, tensorFloat32: false }),
    describeComputation({ ...choice, gpu, tensorFloat32: true }),
    describeComputation({ ...choice, gpu: { ...gpu, driver: '590.1' }, tensorFloat32: false }),
    describeComputation({ ...choice, fused: true }),
    describeComputation({ ...choice, fused: true, bfloat16: 'amx_bf16' }),
    describeComputation({ ...choice, fused: true, bfloat16: 'avx512_bf16' }),
  ];
  expect(new Set(lines).size).toBe(7);
  expect(lines[1]).toContain('A GPU (driver 580.65, float32)');
});
