import { CheckpointError, type TransformerShape, type StateDict, type Tokenizer } from '@promptweave/core';
import { ClipBackbone, type ClipComputation } from './clip-backbone.js';
import { uploadClipTensors } from './clip-weights.js';

/**
 * The tiny CLIP of a set of recorded runs: OpenAI's key names, but a token table with only the rows that the set uses
 * (`token_embedding.ids`, sorted, and `token_embedding.rows`).
 */
export function fixtureBackbone(
  { weights, shape }: { readonly weights: StateDict; readonly shape: TransformerShape },
  tokenizer: Tokenizer,
  computation?: ClipComputation,
): ClipBackbone {
  const read = (name: string) => {
    const tensor = weights.get(name);
    if (tensor) return tensor;
    throw new CheckpointError(`The weights have no tensor "${name}".`, { where: 'weights.safetensors' });
  };
  const geometry = { resize: 'shortest', interpolation: 'bicubic', size: shape.vision.imageSize } as const;
  const rows = new Map([...read('token_embedding.ids').data()].map((id, row) => [id, row]));
  return new ClipBackbone(
    {
      name: 'recorded',
      shape,
      activation: 'quick-gelu',
      tensors: uploadClipTensors(read, shape, 'token_embedding.rows'),
      tokenizer,
      preprocessing: { ...geometry, mean: [0, 0, 0], std: [1, 1, 1] },
      digest: 'recorded',
      tokenRow: (id) => {
        const row = rows.get(id);
        if (row !== undefined) return row;
        throw new CheckpointError(`The recorded token table has no row for token ${id}.`, {
          where: 'token_embedding.ids',
        });
      },
    },
    computation,
  );
}
