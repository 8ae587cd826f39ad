import { expect, test, vi } from 'vitest';
import type { DoctorReport } from './doctor.js';
import { formatDoctor } from './format-doctor.js';
import { useEmptyCache } from './testing-cache.fixture.js';

const cache = useEmptyCache();
// The setup of all tests may have loaded the native backend already; fresh modules know of none.
vi.resetModules();
const { doctor } = await import('./doctor.js');

test('the report is plain data about this machine and names what brings what is missing', async () => {
  vi.stubEnv('CXX', '/nonexistent/c++');
  const report = await doctor();
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(report.node.version).toBe(process.version);
  expect(report.backend.name).toBe('wasm');
  expect(report.matmul.size).toBe(512);
  expect(report.matmul.gflops).toBeGreaterThan(0.1);
  expect(report.bfloat16).toMatchObject({ not: 'the backend wasm has none.' });
  expect(report.memory.available).toBeLessThanOrEqual(report.memory.total);
  expect(report.caches.promptweave).toBe(cache());
  expect(report.tools.compiler).toBeUndefined();
  expect(report.missing.map(({ remedy }) => remedy)).toEqual([
    'Run `npx promptweave runtime install`.',
    expect.stringContaining('apt-get install g++'),
  ]);
});

test('a report as text', () => {
  const report: DoctorReport = {
    node: { version: 'v20.19.0', platform: 'linux', architecture: 'x64' },
    cpu: { model: 'A CPU', cores: 8, features: ['avx2'] },
    memory: { total: 2 ** 36, available: 2 ** 33, containerLimit: 2 ** 34 },
    backend: { name: 'wasm', why: 'It was asked for.' },
    gpu: 'A GPU',
    matmul: { size: 512, gflops: 12.5 },
    bfloat16: { not: 'the backend wasm has none.', remedy: 'Take another' },
    tools: { npm: '11.0.0' },
    caches: { promptweave: '/c', runtime: '/c/runtime' },
    installations: [],
    missing: [{ what: 'There is no compiler.', remedy: 'Install one.' }],
  };
  expect(formatDoctor(report)).toBe(`Node         v20.19.0 on linux-x64
CPU          A CPU, 8 cores (avx2)
Memory       64.0 GiB, this container may use 16.0 GiB, 8.0 GiB available
GPU          A GPU, not used
Backend      wasm. It was asked for.
Speed        12.5 GFLOP/s (float32 product of two 512 × 512 matrices)
bfloat16     no: the backend wasm has none.
Compiler     missing
Python, pip  missing
npm          11.0.0
Cache        /c

Missing:
- There is no compiler.
  Install one.`);
});

test('the GPU that computes stands with its memory and driver, and tools that only an installation needs are not missed', () => {
  const gpu = { name: 'A GPU', memory: 80 * 2 ** 30, driver: '580.65' };
  const text = formatDoctor({
    node: { version: 'v20.19.0', platform: 'linux', architecture: 'x64' },
    cpu: { model: 'A CPU', cores: 8, features: [] },
    memory: { total: 2 ** 36, available: 2 ** 33 },
    backend: { name: 'tensorflow', why: 'It was asked for.', gpu, tensorFloat32: true },
    gpu: 'A GPU',
    matmul: { size: 4096, gflops: 51234.5 },
    bfloat16: { instruction: 'amx_bf16' },
    tools: {},
    caches: { promptweave: '/c', runtime: '/c/runtime' },
    installations: [
      { name: 'n', folder: '/c', tensorflowVersion: '2.21.0', variant: 'cuda', bytes: 1906e6, installedAt: '' },
    ],
    missing: [],
  });
  expect(text).toContain('GPU          A GPU, 80.0 GiB, driver 580.65, TF32\n');
  expect(text).toContain('51234.5 GFLOP/s (TF32 product of two 4096 × 4096 matrices)');
  expect(text).toContain('bfloat16     amx_bf16, see runtime.precision\n');
  expect(text).toContain('Compiler     none, which only an installation needs\n');
  expect(text).toMatch(/Nothing is missing\.$/);
});
