import { CheckpointError, type HostTensor, type StateDict } from '@promptweave/core';
import { concatenated, transposed } from './derived-tensors.js';

/** Which family of key names a file uses. open_clip's are OpenAI's, or stand partly under `text.`. */
export type KeyNaming = 'openai' | 'hugging-face';

/** Tensors under OpenAI's names. */
export interface RenamedTensors {
  readonly naming: KeyNaming;
  readonly tensors: StateDict;
  /** OpenAI's name → the file's, where they differ. */
  readonly origins: Map<string, string>;
}

/** What wrappers put before every name: data parallelism, compilation, enclosing models. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'clip.'];

/** Models that look like CLIP from afar, by a name that only they have. */
const OTHERS: readonly [RegExp, string][] = [
  [/^visual\.(layer[1-4]\.|attnpool\.|bn1\.)/, 'a CLIP with a ResNet as its vision tower'],
  [/^(logit_bias$|vision_model\.head\.|vision_model\.embeddings\.patch_embedding\.bias$)/, 'a SigLIP'],
  [/^text_decoder\./, 'a CoCa'],
  [/^visual\.trunk\./, "an open_clip model with one of timm's networks as its vision tower"],
  [/^visual\.(blocks\.|patch_embed\.|cls_token$)/, 'an EVA-CLIP'],
  [/^text\.transformer\.(embeddings|encoder)\./, 'an open_clip model with a Hugging Face text tower'],
  [/^(qformer\.|query_tokens$|language_model\.)/, 'a BLIP-2 or another model with a language model'],
  [/^(text_encoder\.|visual_encoder\.|text_decoder\.)/, 'a BLIP or ALBEF'],
  [/^bert\./, 'a Chinese-CLIP'],
  [/^(layer[1-4]\.\d|fc\.weight$)/, 'a plain ResNet classifier'],
  [/^(patch_embed\.|blocks\.\d)/, 'a plain vision transformer without a text tower'],
  [/^(prompt_learner\.|ctx$)/, 'learned prompts without their backbone'],
];

/** Buffers and sizes that some files hold beside the weights. */
const IGNORED =
  /^(input_resolution|context_length|vocab_size|attn_mask|(text_model|vision_model)\.embeddings\.position_ids)$/;

/**
 * Brings the tensors of a file under OpenAI's names and layouts. Nothing is read from the file before a tensor's data is
 * asked for.
 *
 * @throws CheckpointError naming the architecture when it is another one
 */
export function renamed(file: StateDict, where: string): RenamedTensors {
  const named = unwrapped(file);
  for (const name of [...named.keys()].filter((key) => IGNORED.test(key))) named.delete(name);
  for (const [pattern, model] of OTHERS) {
    const telling = [...named.keys()].find((name) => pattern.test(name));
    if (telling === undefined) continue;
    throw new CheckpointError(`The file holds ${model} (it has a tensor "${telling}").`, {
      where,
      remedy: 'Choose a CLIP with two transformers, for example openai/clip-vit-base-patch16.',
    });
  }
  if (hasPrefix(named, 'vision_model.') || hasPrefix(named, 'text_model.')) return fromHuggingFace(named, where);
  if (named.has('visual.conv1.weight') || hasPrefix(named, 'visual.')) return fromOpenClip(named);
  const some = [...named.keys()].slice(0, 3).map((name) => `"${name}"`);
  throw new CheckpointError(
    `The architecture is unknown: ${some.length === 0 ? 'there are no tensors' : `the tensors begin with ${some.join(', ')}`}.`,
    { where, remedy: 'Give a CLIP with the key names of OpenAI, of Hugging Face (CLIPModel) or of open_clip.' },
  );
}

function hasPrefix(tensors: StateDict, prefix: string): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(prefix));
}

function unwrapped(file: StateDict): StateDict {
  let named = new Map(file);
  for (let prefix = wrapperOf(named); prefix !== undefined; prefix = wrapperOf(named)) {
    const length = prefix.length;
    named = new Map([...named].map(([name, tensor]) => [name.slice(length), tensor]));
  }
  return named;
}

function wrapperOf(tensors: StateDict): string | undefined {
  return WRAPPERS.find((prefix) => tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix)));
}

/** OpenAI's names, or open_clip's, whose newer text tower stands under `text.` and whose projection may be a Linear. */
function fromOpenClip(named: StateDict): RenamedTensors {
  const tensors: StateDict = new Map();
  const origins = new Map<string, string>();
  for (const [key, tensor] of named) {
    const name = key.startsWith('text.') ? key.slice('text.'.length) : key;
    if (IGNORED.test(name)) continue;
    const isLinear = name === 'text_projection.weight';
    const target = isLinear ? 'text_projection' : name;
    if (target !== key) origins.set(target, key);
    tensors.set(target, isLinear ? transposed(tensor) : tensor);
  }
  return { naming: 'openai', tensors, origins };
}

const huggingFaceNames: readonly [RegExp, string][] = [
  [/^text_model\.embeddings\.token_embedding\.weight$/, 'token_embedding.weight'],
  [/^text_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^text_model\.final_layer_norm\./, 'ln_final.'],
  [/^text_model\.encoder\.layers\./, 'transformer.resblocks.'],
  [/^vision_model\.embeddings\.class_embedding$/, 'visual.class_embedding'],
  [/^vision_model\.embeddings\.patch_embedding\.weight$/, 'visual.conv1.weight'],
  [/^vision_model\.embeddings\.position_embedding\.weight$/, 'visual.positional_embedding'],
  [/^vision_model\.pre_layrnorm\./, 'visual.ln_pre.'],
  [/^vision_model\.post_layernorm\./, 'visual.ln_post.'],
  [/^vision_model\.encoder\.layers\./, 'visual.transformer.resblocks.'],
  [/(resblocks\.\d+)\.layer_norm([12])\./, '$1.ln_$2.'],
  [/(resblocks\.\d+)\.self_attn\.out_proj\./, '$1.attn.out_proj.'],
  [/(resblocks\.\d+)\.mlp\.fc1\./, '$1.mlp.c_fc.'],
  [/(resblocks\.\d+)\.mlp\.fc2\./, '$1.mlp.c_proj.'],
];

/** transformers' CLIPModel: projections are Linear layers, queries, keys and values are separate. */
function fromHuggingFace(named: StateDict, where: string): RenamedTensors {
  const tensors: StateDict = new Map();
  const origins = new Map<string, string>();
  const add = (name: string, origin: string, tensor: HostTensor): void => {
    tensors.set(name, tensor);
    if (name !== origin) origins.set(name, origin);
  };
  for (const [key, tensor] of named) {
    const name = huggingFaceNames.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), key);
    const query = /^(.*)\.self_attn\.q_proj\.(weight|bias)$/.exec(name);
    if (query) {
      const parts = ['q', 'k', 'v'].map((part) => key.replace('.q_proj.', `.${part}_proj.`));
      add(`${query[1]}.attn.in_proj_${query[2]}`, parts.join(', '), concatenated(named, parts, where));
    } else if (/\.self_attn\.[kv]_proj\.(weight|bias)$/.test(name)) {
      // Part of the concatenation that begins with the queries.
      const first = key.replace(/\.[kv]_proj\./, '.q_proj.');
      if (!named.has(first)) concatenated(named, [first], where);
    } else if (key === 'visual_projection.weight') add('visual.proj', key, transposed(tensor));
    else if (key === 'text_projection.weight') add('text_projection', key, transposed(tensor));
    else add(name, key, tensor);
  }
  return { naming: 'hugging-face', tensors, origins };
}
