import { fileURLToPath } from 'node:url';
import { readSafetensors, type StateDict } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { readTorchStateDict } from './read-torch-state-dict.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/checkpoints/${name}`, import.meta.url));

function plain(tensors: StateDict): Record<string, unknown> {
  return Object.fromEntries([...tensors].map(([name, { dtype, shape, data }]) => [name, [dtype, shape, [...data()]]]));
}

describe('readTorchStateDict', () => {
  it.each(['zip.bin', 'legacy.pt', 'torchscript.pt'])(
    'reads %s to the tensors of the safetensors file',
    async (name) => {
      const { tensors } = await readTorchStateDict(fixture(name));
      const expected = await readSafetensors(fixture('openai.safetensors'));
      expect(plain(tensors)).toEqual(plain(expected.tensors));
    },
  );

  it.each(['zip.bin', 'legacy.pt'])('reads single rows of a matrix of %s', async (name) => {
    const { tensors } = await readTorchStateDict(fixture(name));
    const table = tensors.get('token_embedding.weight')!;
    const [, width] = table.shape as [number, number];
    const values = table.data();
    const rows = [2, 0].flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]);
    expect([...table.rows!([2, 0])]).toEqual(rows);
  });

  it.each(['types.pt', 'types-legacy.pt', 'types-protocol-4.pt'])('reads views and types of %s', async (name) => {
    const { tensors, values } = await readTorchStateDict(fixture(name));
    expect(values).toEqual({ epoch: 5, accuracy: 81.25, name: 'café', best: true });
    // oxfmt-ignore
    expect(plain(tensors)).toEqual({
      transposed: ['float32', [4, 2, 3], [0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23]],
      part: ['float32', [2, 4], [16, 17, 18, 19, 20, 21, 22, 23]],
      step: ['float32', [2, 2], [1, 9, 13, 21]],
      parameter: ['float32', [2], [1.5, -2]],
      empty: ['float32', [0, 3], []],
      scalar: ['float32', [], [3.25]],
      double: ['float64', [1], [Math.fround(0.1)]],
      bfloat: ['bfloat16', [2], [1, -3.140625]],
      long: ['int64', [2], [-5, 2147483647]],
      short: ['int16', [2], [-5, 300]],
      char: ['int8', [2], [-5, 100]],
      byte: ['uint8', [2], [5, 200]],
      flag: ['bool', [2], [1, 0]],
      'module.nested.inner': ['int32', [1], [7]],
    });
  });

  it('reads the weights out of a training checkpoint that holds optimiser and schedule', async () => {
    const { tensors, values } = await readTorchStateDict(fixture('trained.pth.tar-5'));
    expect(values).toEqual({ epoch: 5, val_result: 81.25 });
    expect([...tensors.keys()]).toEqual(['ctx', 'token_prefix']);
    const { tensors: rounded } = await readSafetensors(fixture('trained.safetensors'));
    expect([...tensors.get('token_prefix')!.data()]).toEqual([...rounded.get('token_prefix')!.data()]);
    expect(tensors.get('ctx')!.shape).toEqual([2, 16]);
  });
});
