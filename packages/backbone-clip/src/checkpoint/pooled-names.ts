import { CheckpointError, sizeOf, type HostTensor, type StateDict } from '@promptweave/core';
import { misshapen } from './clip-architecture.js';
import { concatenated, flattened, transposed } from './derived-tensors.js';

/** transformers' names of a SigLIP, besides those that CLIP has, too. */
export const poolingHuggingFaceNames: readonly [RegExp, string][] = [
  [/^vision_model\.embeddings\.patch_embedding\.bias$/, 'visual.conv1.bias'],
  [/^vision_model\.head\.probe$/, 'visual.attn_pool.probe'],
  [/^vision_model\.head\.attention\./, 'visual.attn_pool.attn.'],
  [/^vision_model\.head\.layernorm\./, 'visual.attn_pool.layernorm.'],
  [/^vision_model\.head\.mlp\.fc1\./, 'visual.attn_pool.mlp.c_fc.'],
  [/^vision_model\.head\.mlp\.fc2\./, 'visual.attn_pool.mlp.c_proj.'],
  [/^text_model\.head\.bias$/, 'text_projection.bias'],
];

const timmNames: readonly [RegExp, string][] = [
  [/^visual\.trunk\.patch_embed\.proj\./, 'visual.conv1.'],
  [/^visual\.trunk\.pos_embed$/, 'visual.positional_embedding'],
  [/^visual\.trunk\.cls_token$/, 'visual.class_embedding'],
  [/^visual\.trunk\.norm_pre\./, 'visual.ln_pre.'],
  [/^visual\.trunk\.norm\./, 'visual.ln_post.'],
  [/^visual\.trunk\.blocks\./, 'visual.transformer.resblocks.'],
  [/(resblocks\.\d+)\.norm([12])\./, '$1.ln_$2.'],
  [/(resblocks\.\d+)\.attn\.qkv\.(weight|bias)$/, '$1.attn.in_proj_$2'],
  [/(resblocks\.\d+)\.attn\.proj\./, '$1.attn.out_proj.'],
  [/(resblocks\.\d+)\.mlp\.fc1\./, '$1.mlp.c_fc.'],
  [/(resblocks\.\d+)\.mlp\.fc2\./, '$1.mlp.c_proj.'],
  [/^visual\.trunk\.attn_pool\.latent$/, 'visual.attn_pool.probe'],
  [/^visual\.trunk\.attn_pool\.proj\./, 'visual.attn_pool.attn.out_proj.'],
  [/^visual\.trunk\.attn_pool\.norm\./, 'visual.attn_pool.layernorm.'],
  [/^visual\.trunk\.attn_pool\.mlp\.fc1\./, 'visual.attn_pool.mlp.c_fc.'],
  [/^visual\.trunk\.attn_pool\.mlp\.fc2\./, 'visual.attn_pool.mlp.c_proj.'],
  [/^text\./, ''],
];

/** Linear layers that OpenAI has as matrices, [in, out]. */
const LINEAR: Readonly<Record<string, string>> = {
  'text_projection.weight': 'text_projection',
  'visual.trunk.head.weight': 'visual.proj',
};

/** timm's image tower and open_clip's text tower; queries are apart from keys and values in the pooling head. */
export function fromTimm(
  named: StateDict,
  where: string,
): { readonly naming: 'openai'; readonly tensors: StateDict; readonly origins: Map<string, string> } {
  const tensors: StateDict = new Map();
  const origins = new Map<string, string>();
  for (const [key, tensor] of named) {
    const query = /^(.*attn_pool)\.q\.(weight|bias)$/.exec(key);
    if (query) {
      const target = `visual.attn_pool.attn.in_proj_${query[2]}`;
      const parts = [key, `${query[1]}.kv.${query[2]}`];
      tensors.set(target, concatenated(named, parts, where, [1, 2]));
      origins.set(target, parts.join(', '));
      continue;
    }
    if (/attn_pool\.kv\.(weight|bias)$/.test(key) && named.has(key.replace('.kv.', '.q.'))) continue;
    if (key === 'visual.trunk.head.bias') {
      requireZeros(tensor, key, where);
      continue;
    }
    const name = timmNames.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), key);
    const linear = LINEAR[name];
    const target = linear ?? name;
    const value = linear
      ? transposed(tensor)
      : /^visual\.trunk\.(pos_embed|cls_token)$/.test(key)
        ? flattened(tensor)
        : tensor;
    tensors.set(target, value);
    if (target !== key) origins.set(target, key);
  }
  return { naming: 'openai', tensors, origins };
}

/** timm's projection of PE-Core has a bias that the model itself has not: zeros. */
function requireZeros(tensor: HostTensor, name: string, where: string): void {
  if (tensor.shape.length !== 1 || sizeOf(tensor.shape) > 2 ** 16)
    throw misshapen(name, tensor.shape, '[embedding]', where);
  if (tensor.data().every((value) => value === 0)) return;
  throw new CheckpointError(`The projection of the images has a bias ("${name}"), which PE-Core has not.`, {
    where,
    remedy: 'The model was changed after its release: give the released weights.',
  });
}
