import { CheckpointError, sizeOf, type HostTensor, type StateDict } from '@promptweave/core';
import { misshapen, missing, type ClipArchitecture } from './clip-architecture.js';

/** Shapes of all tensors of a CLIP under OpenAI's names; `hidden` is the width inside an MLP, taken from the weights. */
function expectedShapes(
  architecture: ClipArchitecture,
  hidden: { vision: number; text: number },
): Map<string, number[]> {
  const { visionWidth: v, textWidth: t, embedding: e, patchSize: p } = architecture;
  const side = Math.floor(architecture.imageSize / p);
  return new Map<string, number[]>([
    ['visual.conv1.weight', [v, 3, p, p]],
    ['visual.class_embedding', [v]],
    ['visual.positional_embedding', [1 + side * side, v]],
    ['visual.ln_pre.weight', [v]],
    ['visual.ln_pre.bias', [v]],
    ...blockShapes('visual.transformer.resblocks.', architecture.visionLayers, v, hidden.vision),
    ['visual.ln_post.weight', [v]],
    ['visual.ln_post.bias', [v]],
    ['visual.proj', [v, e]],
    ['token_embedding.weight', [architecture.vocabularySize, t]],
    ['positional_embedding', [architecture.contextLength, t]],
    ...blockShapes('transformer.resblocks.', architecture.textLayers, t, hidden.text),
    ['ln_final.weight', [t]],
    ['ln_final.bias', [t]],
    ['text_projection', [t, e]],
    ['logit_scale', []],
  ]);
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
    tensors.get(`${prefix}transformer.resblocks.0.mlp.c_fc.bias`)?.shape[0] ?? 4 * width;
  const expected = expectedShapes(architecture, {
    vision: hiddenOf('visual.', architecture.visionWidth),
    text: hiddenOf('', architecture.textWidth),
  });
  const checked: StateDict = new Map();
  for (const [name, shape] of expected) {
    const origin = origins.get(name);
    const place = origin === undefined ? where : `${where} (there: ${origin})`;
    const tensor = tensors.get(name);
    const text = `[${shape.join(', ')}]`;
    if (!tensor) throw missing(name, text, where);
    // A scale of shape [1] is the scalar that others store.
    const fits = name === 'logit_scale' ? sizeOf(tensor.shape) === 1 : sameShape(tensor.shape, shape);
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
      remedy: 'The model is not a plain CLIP with two transformers: only those can be loaded.',
    });
  }
  return checked;
}

function finite(tensor: HostTensor, shape: number[], name: string, where: string): HostTensor {
  return {
    dtype: tensor.dtype,
    shape,
    data: () => {
      const values = tensor.data();
      for (let i = 0; i < values.length; i++) {
        // Infinity − Infinity and NaN − NaN are NaN.
        if (values[i]! - values[i]! !== 0) {
          throw new CheckpointError(`Tensor "${name}" of shape [${shape.join(', ')}] has ${values[i]} at index ${i}.`, {
            where,
            remedy: 'The file is corrupt, or its training diverged: get another one.',
          });
        }
      }
      return values;
    },
  };
}

function sameShape(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
