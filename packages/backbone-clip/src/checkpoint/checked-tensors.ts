import { CheckpointError, sizeOf, type HostTensor, type StateDict } from '@promptweave/core';
import { formOf } from '../clip-form.js';
import { misshapen, missing, type ClipArchitecture } from './clip-architecture.js';

/** Shapes of all tensors of a CLIP under OpenAI's names; `hidden` is the width inside an MLP, taken from the weights. */
function expectedShapes(
  architecture: ClipArchitecture,
  hidden: { vision: number; text: number; pooling: number },
): Map<string, number[]> {
  const { visionWidth: v, textWidth: t, embedding: e, patchSize: p } = architecture;
  const patches = Math.floor(architecture.imageSize / p) ** 2;
  const { family, classToken = true } = architecture;
  const form = formOf(family);
  return new Map<string, number[]>([
    ['visual.conv1.weight', [v, 3, p, p]],
    ...shapesIf(form.patchBias, [['visual.conv1.bias', [v]]]),
    ...shapesIf(classToken, [['visual.class_embedding', [v]]]),
    ['visual.positional_embedding', [(classToken ? 1 : 0) + patches, v]],
    ...shapesIf(form.lnPre, [
      ['visual.ln_pre.weight', [v]],
      ['visual.ln_pre.bias', [v]],
    ]),
    ...blockShapes('visual.transformer.resblocks.', architecture.visionLayers, v, hidden.vision),
    ['visual.ln_post.weight', [v]],
    ['visual.ln_post.bias', [v]],
    ...shapesIf(family !== undefined, poolingShapes('visual.attn_pool.', v, hidden.pooling)),
    ...shapesIf(form.visionProjection, [['visual.proj', [v, e]]]),
    ['token_embedding.weight', [architecture.vocabularySize, t]],
    ['positional_embedding', [architecture.contextLength, t]],
    ...blockShapes('transformer.resblocks.', architecture.textLayers, t, hidden.text),
    ['ln_final.weight', [t]],
    ['ln_final.bias', [t]],
    ['text_projection', [t, e]],
    ...shapesIf(form.textBias, [['text_projection.bias', [e]]]),
    ['logit_scale', []],
    ...shapesIf(form.logitBias, [['logit_bias', []]]),
  ]);
}

function shapesIf(there: boolean, shapes: [string, number[]][]): [string, number[]][] {
  return there ? shapes : [];
}

/** Of the head that pools the rows of an image. */
function poolingShapes(prefix: string, width: number, hidden: number): [string, number[]][] {
  return [
    [`${prefix}probe`, [1, 1, width]],
    [`${prefix}attn.in_proj_weight`, [3 * width, width]],
    [`${prefix}attn.in_proj_bias`, [3 * width]],
    [`${prefix}attn.out_proj.weight`, [width, width]],
    [`${prefix}attn.out_proj.bias`, [width]],
    [`${prefix}layernorm.weight`, [width]],
    [`${prefix}layernorm.bias`, [width]],
    [`${prefix}mlp.c_fc.weight`, [hidden, width]],
    [`${prefix}mlp.c_fc.bias`, [hidden]],
    [`${prefix}mlp.c_proj.weight`, [width, hidden]],
    [`${prefix}mlp.c_proj.bias`, [width]],
  ];
}

function blockShapes(prefix: string, layers: number, width: number, hidden: number): [string, number[]][] {
  return Array.from({ length: layers }, (_, layer): [string, number[]][] => [
    [`${prefix}${layer}.ln_1.weight`, [width]],
    [`${prefix}${layer}.ln_1.bias`, [width]],
    [`${prefix}${layer}.attn.in_proj_weight`, [3 * width, width]],
    [`${prefix}${layer}.attn.in_proj_bias`, [3 * width]],
    [`${prefix}${layer}.attn.out_proj.weight`, [width, width]],
    [`${prefix}${layer}.attn.out_proj.bias`, [width]],
    [`${prefix}${layer}.ln_2.weight`, [width]],
    [`${prefix}${layer}.ln_2.bias`, [width]],
    [`${prefix}${layer}.mlp.c_fc.weight`, [hidden, width]],
    [`${prefix}${layer}.mlp.c_fc.bias`, [hidden]],
    [`${prefix}${layer}.mlp.c_proj.weight`, [width, hidden]],
    [`${prefix}${layer}.mlp.c_proj.bias`, [width]],
  ]).flat();
}

/**
 * Exactly the tensors of a CLIP of this architecture, in the order of its computation. Their `data()` is Float32Array and
 * throws where a value is not finite.
 *
 * @param origins names in the file, where they differ from OpenAI's
 * @throws CheckpointError naming a tensor that is missing, has another shape, is no float, or does not belong there
 */
export function checkedTensors(
  tensors: StateDict,
  architecture: ClipArchitecture,
  where: string,
  origins: ReadonlyMap<string, string> = new Map(),
): StateDict {
  const hiddenOf = (prefix: string, width: number): number =>
    tensors.get(`${prefix}mlp.c_fc.bias`)?.shape[0] ?? 4 * width;
  const expected = expectedShapes(architecture, {
    vision: hiddenOf('visual.transformer.resblocks.0.', architecture.visionWidth),
    text: hiddenOf('transformer.resblocks.0.', architecture.textWidth),
    pooling: hiddenOf('visual.attn_pool.', architecture.visionWidth),
  });
  const checked: StateDict = new Map();
  for (const [name, shape] of expected) {
    const origin = origins.get(name);
    const place = origin === undefined ? where : `${where} (there: ${origin})`;
    const tensor = tensors.get(name);
    const text = `[${shape.join(', ')}]`;
    if (!tensor) throw missing(name, text, where);
    // A scale or bias of shape [1] is the scalar that others store.
    const fits = shape.length === 0 ? sizeOf(tensor.shape) === 1 : sameShape(tensor.shape, shape);
    if (!fits) throw misshapen(name, tensor.shape, text, place);
    if (!tensor.dtype.includes('float')) {
      throw new CheckpointError(`Tensor "${name}" is stored as ${tensor.dtype}, expected a float type.`, {
        where: place,
        remedy: 'Quantised weights cannot be used: give them as float16, bfloat16 or float32.',
      });
    }
    checked.set(name, finite(tensor, shape, name, place));
  }
  for (const [name, { shape }] of tensors) {
    if (expected.has(name)) continue;
    throw new CheckpointError(`Tensor "${origins.get(name) ?? name}" of shape [${shape.join(', ')}] is unknown.`, {
      where,
      remedy:
        'The model is neither a plain CLIP with two transformers nor one of the other families: `promptweave backbones` lists what can be loaded.',
    });
  }
  return checked;
}

function finite(tensor: HostTensor, shape: number[], name: string, where: string): HostTensor {
  const checked = (values: Float32Array | Int32Array, place: (i: number) => string): Float32Array | Int32Array => {
    for (let i = 0; i < values.length; i++) {
      // Infinity − Infinity and NaN − NaN are NaN.
      if (values[i]! - values[i]! !== 0) {
        throw new CheckpointError(`Tensor "${name}" of shape [${shape.join(', ')}] has ${values[i]} ${place(i)}.`, {
          where,
          remedy: 'The file is corrupt, or its training diverged: get another one.',
        });
      }
    }
    return values;
  };
  const { rows } = tensor;
  return {
    dtype: tensor.dtype,
    shape,
    data: () => checked(tensor.data(), (i) => `at index ${i}`),
    ...(rows && {
      rows: (numbers: readonly number[]) =>
        checked(rows(numbers), (i) => `in row ${numbers[Math.floor(i / shape[1]!)]}`),
    }),
  };
}

function sameShape(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
