import { CheckpointError, type HostTensor, type StateDict } from '@promptweave/core';
import { concatenated, transposed } from './derived-tensors.js';
import type { Family } from '../clip-form.js';
import { fromTimm, poolingHuggingFaceNames } from './pooled-names.js';
import { refuseChanges, refuseOthers } from './other-models.js';
import { named as listed } from './weights-file.js';

/** Which family of key names a file uses. open_clip's are OpenAI's, or stand partly under `text.`. */
export type KeyNaming = 'openai' | 'hugging-face';

/** Tensors under OpenAI's names. */
export interface RenamedTensors {
  readonly naming: KeyNaming;
  /** Absent for CLIP. */
  readonly family?: Family;
  readonly tensors: StateDict;
  /** OpenAI's name → the file's, where they differ. */
  readonly origins: Map<string, string>;
  /** What is worth telling, a sentence each. */
  readonly notes: readonly string[];
}

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
  const { named, prefix, notes } = unwrapped(file, where);
  for (const name of [...named.keys()].filter((key) => IGNORED.test(key))) named.delete(name);
  const family = familyOf(named);
  if (family) refuseChanges([...named.keys()], where);
  else refuseOthers([...named.keys()], where);
  const { tensors, origins, naming } = brought(named, where);
  if (prefix !== '') {
    for (const name of tensors.keys()) {
      const origin = origins.get(name) ?? name;
      origins.set(
        name,
        origin
          .split(', ')
          .map((part) => prefix + part)
          .join(', '),
      );
    }
  }
  return { naming, ...(family && { family }), tensors, origins, notes };
}

/** The family of these names, where they are not CLIP's: all others have a pooling head, and PE-Core a layer norm before its first block. */
function familyOf(named: StateDict): Family | undefined {
  if (named.has('visual.attn_pool.probe')) return 'pe';
  if (named.has('visual.trunk.attn_pool.latent')) return named.has('visual.trunk.norm_pre.weight') ? 'pe' : 'siglip';
  return named.has('vision_model.head.probe') ? 'siglip' : undefined;
}

function brought(named: StateDict, where: string): Omit<RenamedTensors, 'notes'> {
  if (hasPrefix(named, 'vision_model.') || hasPrefix(named, 'text_model.')) return fromHuggingFace(named, where);
  if (hasPrefix(named, 'visual.trunk.')) return fromTimm(named, where);
  if (named.has('visual.conv1.weight') || hasPrefix(named, 'visual.')) return fromOpenClip(named);
  const some = [...named.keys()].slice(0, 3).map((name) => `"${name}"`);
  throw new CheckpointError(
    `The architecture is unknown: ${some.length === 0 ? 'there are no tensors' : `the tensors begin with ${some.join(', ')}`}.`,
    {
      where,
      remedy:
        'Give a model with the key names of OpenAI, of Hugging Face (CLIPModel, SiglipModel) or of open_clip; `promptweave backbones` lists what can be loaded.',
    },
  );
}

function hasPrefix(tensors: StateDict, prefix: string): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(prefix));
}

/** The end of a name that every CLIP, or SigLIP, has once, in whichever names. */
const TELLING =
  /^(|.*[._/])(visual\.class_embedding|vision_model\.(embeddings\.class_embedding|head\.probe)|visual\.trunk\.attn_pool\.latent)$/;

/** The CLIP in a file: what stands under the prefix that data parallelism, compilation or an enclosing model put before its names. */
function unwrapped(file: StateDict, where: string): { named: StateDict; prefix: string; notes: string[] } {
  const names = [...file.keys()];
  const prefixes = names.flatMap((name) => TELLING.exec(name)?.[1] ?? []);
  if (prefixes.length > 1) {
    throw new CheckpointError(
      `The file holds ${prefixes.length} CLIPs, under the names ${prefixes.map((prefix) => JSON.stringify(prefix)).join(' and ')}.`,
      { where, remedy: 'Save the one that is meant alone, and give that file.' },
    );
  }
  const prefix = prefixes[0] ?? commonPrefix(names);
  const named: StateDict = new Map();
  const aside: string[] = [];
  for (const [name, tensor] of file) {
    if (name.startsWith(prefix)) named.set(name.slice(prefix.length), tensor);
    else aside.push(name);
  }
  if (prefix === '') return { named, prefix, notes: [] };
  refuseChanges(aside, where);
  const notes = [`The weights stand under "${prefix}" in the file.`];
  if (aside.length > 0) {
    const count = aside.length === 1 ? '1 tensor beside them is' : `${aside.length} tensors beside them are`;
    notes.push(`${count} left aside: ${listed(aside)}.`);
  }
  return { named, prefix, notes };
}

/** Where no CLIP is recognised, what all names begin with, so that errors speak of the model's own names. */
function commonPrefix(names: readonly string[]): string {
  const parts = (name: string): string => /^[\w-]+\./.exec(name)?.[0] ?? '';
  let prefix = '';
  for (let next = parts(names[0] ?? ''); next !== ''; next = parts((names[0] ?? '').slice(prefix.length))) {
    const longer = prefix + next;
    if (/^(visual|text|vision_model|text_model|transformer)\.$/.test(next)) break;
    if (names.length < 2 || !names.every((name) => name.startsWith(longer))) break;
    prefix = longer;
  }
  return prefix;
}

/** OpenAI's names, or open_clip's, whose newer text tower stands under `text.` and whose projection may be a Linear. */
function fromOpenClip(named: StateDict): Omit<RenamedTensors, 'notes'> {
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
  ...poolingHuggingFaceNames,
  [/(resblocks\.\d+)\.layer_norm([12])\./, '$1.ln_$2.'],
  [/(resblocks\.\d+)\.self_attn\.out_proj\./, '$1.attn.out_proj.'],
  [/(resblocks\.\d+)\.mlp\.fc1\./, '$1.mlp.c_fc.'],
  [/(resblocks\.\d+)\.mlp\.fc2\./, '$1.mlp.c_proj.'],
];

/** transformers' CLIPModel: projections are Linear layers, queries, keys and values are separate. */
function fromHuggingFace(named: StateDict, where: string): Omit<RenamedTensors, 'notes'> {
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
    else if (key === 'text_projection.weight' || key === 'text_model.head.weight')
      add('text_projection', key, transposed(tensor));
    else add(name, key, tensor);
  }
  return { naming: 'hugging-face', tensors, origins };
}
