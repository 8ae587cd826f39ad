import { CheckpointError, hostTensor, type HostTensor } from '@promptweave/core/portable';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedModel } from './model-file.js';
import { tensorShapes } from './tensor-shapes.js';
import type { ModelDescription } from './model-description.js';

const description: ModelDescription = {
  format: 1,
  classNames: ['cat', 'dog'],
  preprocessing: { resize: 'shortest', interpolation: 'bicubic', size: 4, mean: [0, 0, 0], std: [1, 1, 1] },
  vision: { width: 4, layers: 2, heads: 2, imageSize: 4, patchSize: 2 },
  embedding: 3,
  activation: 'gelu',
  prompts: { shallow: true, deep: 1 },
  head: {
    kind: 'program',
    readsPromptRows: false,
    program: {
      nodes: [
        { kernel: 'Square', inputs: { x: 'features' }, attrs: {} },
        { kernel: 'BatchMatMul', inputs: { a: '#0', b: 'head.0' }, attrs: { transposeA: false, transposeB: true } },
      ],
    },
  },
  programs: {},
  provenance: {},
};

function tensorsOf(model: ModelDescription): Map<string, HostTensor> {
  const zeros = (shape: number[]): HostTensor => {
    const sizes = shape.map((size) => (size === -1 ? 2 : size));
    return hostTensor(new Float32Array(sizes.reduce((a, b) => a * b, 1)), sizes);
  };
  const tensors = new Map([...tensorShapes(model)].map(([name, shape]) => [name, zeros(shape)]));
  return tensors.set('head.0', zeros([2, 3]));
}

const read = (value: unknown) => () => checkedModel(JSON.stringify(value), tensorsOf(description), 'it');

describe('a model that somebody sent', () => {
  it('is read', () => {
    expect(read(description)().description).toEqual(description);
  });

  const node = (change: object) => ({
    ...description,
    head: {
      ...description.head,
      program: { nodes: [{ kernel: 'Square', inputs: { x: 'features' }, attrs: {}, ...change }] },
    },
  });
  it.each([
    ['another format', { ...description, format: 2 }, /format 2/],
    ['no names', { ...description, classNames: [] }, /class names/],
    ['a size that is none', { ...description, vision: { ...description.vision, width: 1.5 } }, /vision\.width/],
    ['heads that do not fit', { ...description, vision: { ...description.vision, heads: 3 } }, /heads/],
    ['more prompts than blocks', { ...description, prompts: { shallow: true, deep: 2 } }, /blocks/],
    ['a kernel that no program may have', node({ kernel: 'Unpack' }), /none that a program may have/],
    ['a name of all objects', node({ kernel: 'constructor' }), /none that a program may have/],
    ['a value that is not there yet', node({ inputs: { x: '#0' } }), /not before it/],
    ['a tensor that is not there', node({ inputs: { x: 'nowhere' } }), /no tensor "nowhere"/],
    ['an attribute too many', node({ attrs: { axis: 1 } }), /attributes/],
    ['a place for a program that is none', { ...description, programs: { __proto: description.head } }, /place/],
  ])('is refused: %s', (_, value, message) => {
    expect(read(value)).toThrow(CheckpointError);
    expect(read(value)).toThrow(message);
  });

  it('is refused with a tensor that is missing or of another shape', () => {
    const tensors = tensorsOf(description);
    tensors.set('classes.texts', hostTensor(new Float32Array(8), [2, 4]));
    const check = () => checkedModel(JSON.stringify(description), tensors, 'it');
    expect(check).toThrow(/classes\.texts.*\[2, 4\], not \[2, 3\]/);
    tensors.delete('classes.texts');
    expect(check).toThrow(/no tensor "classes.texts"/);
  });

  it('never fails otherwise, whatever its description is', () => {
    const names = Object.keys(description);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        try {
          read({ ...description, [name]: value })();
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
