import { expect, it } from 'vitest';
import { attributeTypes } from './graph-def.js';
import { type NativeBackend, Recorder } from './recorder.js';

const [FLOAT, INT32, INT64] = [1, 3, 9];

it.each([
  ['a GPU', true, INT64],
  ['a CPU', false, INT32],
])('constant indices of a gather on %s, which others read as they are', (_, isUsingGpuDevice, type) => {
  const data = new Map<object, object>();
  const tensor = (dtype: number, shape: number[], values: unknown) => {
    const dataId = {};
    data.set(dataId, { dtype, shape, values });
    return { dataId, shape, dtype: 'int32' as const };
  };
  const x = tensor(FLOAT, [4, 2], null);
  const recorder = new Recorder({ isUsingGpuDevice, tensorMap: data } as unknown as NativeBackend, [x]);
  const [indices, axis] = [tensor(INT32, [2], Int32Array.of(3, 1)), tensor(INT32, [], Int32Array.of(0))];
  for (const { dataId } of [indices, axis]) recorder.wrote(dataId);
  const gather = (): void => {
    const inputs = recorder.inputs('GatherV2', [x, indices, axis]);
    const kinds = [{ name: 'Tindices', type: attributeTypes.type, value: INT32 }];
    recorder.executed('GatherV2', kinds, inputs, [tensor(FLOAT, [2, 2], null)]);
  };
  gather();
  gather();
  const [read] = recorder.inputs('Reshape', [indices]);
  const { nodes } = recorder.finish([]);
  const constantOf = (name: string) =>
    nodes.find((node) => `${node.name}:0` === name)!.attributes.flatMap((each) => ('constant' in each ? each.constant : [])); // oxfmt-ignore
  const gathers = nodes.filter(({ operation }) => operation === 'GatherV2');
  expect(gathers).toHaveLength(2);
  for (const { inputs, attributes } of gathers) {
    expect(attributes).toMatchObject([{ name: 'Tindices', value: type }]);
    const [given] = constantOf(inputs[1]!);
    expect([given!.dtype, [...given!.values].map(Number)]).toEqual([type, [3, 1]]);
  }
  expect(gathers[0]!.inputs).toEqual(gathers[1]!.inputs);
  expect(constantOf(read!)).toMatchObject([{ dtype: INT32, values: Int32Array.of(3, 1) }]);
});
