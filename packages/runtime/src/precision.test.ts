import { expect, test } from 'vitest';
import { explainBfloat16, type Machine, requireBfloat16 } from './precision.js';
import { type BackendChoice, selectBackend } from './select-backend.js';

const choice: BackendChoice = {
  ...{ name: 'tensorflow', why: '', tensorflowVersion: '2.21.0' },
  ...{ installation: '2.21.0-cpu-linux-x64', fused: true },
};
const machine: Machine = { flags: ['avx2', 'avx512_bf16', 'amx_bf16'], loaded: 'amx_bf16', environment: {} };

test.each<[string, Partial<BackendChoice>, Partial<Machine>, RegExp, RegExp]>([
  ['on a GPU', { gpu: { name: 'A GPU', memory: 1, driver: '1' } }, {}, /A GPU computes/, /tensorflow on a CPU/],
  ['with wasm', { name: 'wasm' }, {}, /the backend wasm has none/, /tensorflow on a CPU/],
  ['with cpu', { name: 'cpu' }, {}, /the backend cpu has none/, /tensorflow on a CPU/],
  [
    'on a CPU that has none',
    {},
    { flags: ['avx2', 'avx512f'], loaded: undefined },
    /this CPU has neither amx_bf16 nor avx512_bf16/,
    /Compute on a CPU/,
  ],
  ['on another system', {}, { flags: [], loaded: undefined }, /this CPU has neither/, /Compute on a CPU/],
  [
    'of an old compiler',
    {},
    { loaded: undefined },
    /2\.21\.0-cpu-linux-x64 were compiled without it/,
    /install --force` with GCC 11/,
  ],
  [
    'with PROMPTWEAVE_FUSED=0',
    { fused: false },
    { loaded: undefined, environment: { PROMPTWEAVE_FUSED: '0' } },
    /PROMPTWEAVE_FUSED is 0/,
    /Unset PROMPTWEAVE_FUSED/,
  ],
  [
    'with ONEDNN_MAX_CPU_ISA',
    {},
    { loaded: undefined, environment: { ONEDNN_MAX_CPU_ISA: 'AVX2' } },
    /ONEDNN_MAX_CPU_ISA is AVX2/,
    /Unset ONEDNN_MAX_CPU_ISA/,
  ],
  [
    'without fused operations',
    { fused: false },
    { loaded: undefined, notFused: 'the compiler failed.' },
    /which 2\.21\.0-cpu-linux-x64 has not: the compiler failed\./,
    /runtime install --force/,
  ],
])('bfloat16 is refused %s, with reason and cure', (_, of, on, reason, cure) => {
  const found = explainBfloat16({ ...choice, ...of }, { ...machine, ...on });
  expect(found).toEqual({
    not: expect.stringMatching(reason) as string,
    remedy: expect.stringMatching(cure) as string,
  });
  expect(() => requireBfloat16(found)).toThrow(
    expect.objectContaining({
      name: 'BackendError',
      message: expect.stringMatching(reason) as string,
      where: 'runtime.precision: bfloat16',
      remedy: expect.stringMatching(/set runtime\.precision to float32/) as string,
    }) as Error,
  );
});

test('bfloat16 is multiplied with what the operations found', () => {
  expect(requireBfloat16(explainBfloat16(choice, machine))).toBe('amx_bf16');
});

test.each([
  ['avx512_bf16', 'GenuineIntel', /half as fast as their float32/],
  ['avx512_bf16', 'AuthenticAMD', undefined],
  ['amx_bf16', 'GenuineIntel', undefined],
] as const)('%s of %s is known to be slower than float32, or not', (loaded, vendor, slower) => {
  const found = explainBfloat16(choice, { ...machine, loaded, vendor });
  expect(requireBfloat16(found)).toBe(loaded);
  if (slower) expect(found).toHaveProperty('slower', expect.stringMatching(slower));
  else expect(found).not.toHaveProperty('slower');
});

test('auto takes the faster one of this machine', async () => {
  const asked = await selectBackend('auto', { precision: 'possible' });
  const taken = await selectBackend('auto', { precision: 'auto' });
  if (asked.bfloat16) expect(taken.bfloat16).toBe(asked.slower ? undefined : asked.bfloat16);
  else expect(taken.notBfloat16).toBe(asked.notBfloat16);
  if (asked.slower) expect(taken.notBfloat16).toBe(asked.slower);
});

test('a backend without it is refused where it was asked for, and auto says why it takes float32', async () => {
  await expect(selectBackend('cpu', { precision: 'bfloat16' })).rejects.toMatchObject({ name: 'BackendError' });
  expect(await selectBackend('cpu', { precision: 'auto' })).toMatchObject({ notBfloat16: 'the backend cpu has none.' });
  expect(await selectBackend('cpu')).not.toHaveProperty('notBfloat16');
});
