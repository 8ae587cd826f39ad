import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CheckpointError,
  hostTensor,
  readSafetensors,
  writeSafetensors,
  type HostTensor,
  type StateDict,
} from '@promptweave/core';
import { afterAll, beforeAll, expect } from 'vitest';
import { loadClipCheckpoint, type ClipCheckpointOptions } from './load-clip-checkpoint.js';

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/checkpoints/${name}`, import.meta.url));

export const architecture = {
  imageSize: 8,
  patchSize: 4,
  visionWidth: 24,
  visionLayers: 1,
  visionHeads: 3,
  textWidth: 16,
  textLayers: 2,
  textHeads: 2,
  contextLength: 5,
  vocabularySize: 12,
  embedding: 6,
  activation: 'quick-gelu',
};
export const heads = { visionHeads: 3, textHeads: 2 };

/** Where a test file that says `useFolder()` may write. */
export const folder = await mkdtemp(join(tmpdir(), 'clip-checkpoint-'));

/** Makes `folder` for the test file that calls it, and takes it away afterwards. */
export function useFolder(): void {
  beforeAll(() => mkdir(folder, { recursive: true }));
  afterAll(() => rm(folder, { recursive: true }));
}

/** A tiny CLIP with OpenAI's names. */
export const openai = (await readSafetensors(fixture('openai.safetensors'))).tensors;

/** A new folder with these weights and JSON files in it. */
export async function folderOf(
  tensors: StateDict,
  files: Record<string, unknown> = {},
  name = 'model.safetensors',
): Promise<string> {
  const made = await mkdtemp(join(folder, 'model-'));
  await writeSafetensors(join(made, name), tensors);
  for (const [file, content] of Object.entries(files)) await writeFile(join(made, file), JSON.stringify(content));
  return made;
}

export async function refusal(source: string, options: ClipCheckpointOptions = heads): Promise<CheckpointError> {
  const loaded = loadClipCheckpoint(source, options).then(({ tensors }) => tensors.forEach((tensor) => tensor.data()));
  const error: unknown = await loaded.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).remedy).toBeTruthy();
  return error as CheckpointError;
}

/** OpenAI's tensors as transformers' CLIPModel names and lays them out. */
export function asHuggingFace(tensors: StateDict): StateDict {
  const names: Record<string, string> = {
    'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
    positional_embedding: 'text_model.embeddings.position_embedding.weight',
    'ln_final.weight': 'text_model.final_layer_norm.weight',
    'ln_final.bias': 'text_model.final_layer_norm.bias',
    'visual.class_embedding': 'vision_model.embeddings.class_embedding',
    'visual.positional_embedding': 'vision_model.embeddings.position_embedding.weight',
    'visual.conv1.weight': 'vision_model.embeddings.patch_embedding.weight',
    'visual.ln_pre.weight': 'vision_model.pre_layrnorm.weight',
    'visual.ln_pre.bias': 'vision_model.pre_layrnorm.bias',
    'visual.ln_post.weight': 'vision_model.post_layernorm.weight',
    'visual.ln_post.bias': 'vision_model.post_layernorm.bias',
    logit_scale: 'logit_scale',
  };
  const inBlock: Record<string, string> = {
    ln_1: 'layer_norm1',
    ln_2: 'layer_norm2',
    'attn.out_proj': 'self_attn.out_proj',
    'mlp.c_fc': 'mlp.fc1',
    'mlp.c_proj': 'mlp.fc2',
  };
  const result: StateDict = new Map();
  for (const [name, tensor] of tensors) {
    const block = /^(visual\.)?transformer\.resblocks\.(\d+)\.(.*?)[._](weight|bias)$/.exec(name);
    if (name === 'visual.proj') result.set('visual_projection.weight', turned(tensor));
    else if (name === 'text_projection') result.set('text_projection.weight', turned(tensor));
    else if (!block) result.set(names[name]!, tensor);
    else {
      const prefix = `${block[1] ? 'vision' : 'text'}_model.encoder.layers.${block[2]}`;
      if (block[3] === 'attn.in_proj') {
        const [rows, ...rest] = tensor.shape as [number, ...number[]];
        const values = tensor.data() as Float32Array;
        const part = values.length / 3;
        ['q', 'k', 'v'].forEach((letter, i) =>
          result.set(
            `${prefix}.self_attn.${letter}_proj.${block[4]}`,
            hostTensor(values.slice(i * part, (i + 1) * part), [rows / 3, ...rest]),
          ),
        );
      } else result.set(`${prefix}.${inBlock[block[3]!]}.${block[4]}`, tensor);
    }
  }
  result.set('text_model.embeddings.position_ids', hostTensor(Int32Array.of(0, 1, 2, 3, 4), [1, 5]));
  result.set('vision_model.embeddings.position_ids', hostTensor(Int32Array.of(0, 1, 2, 3, 4), [1, 5]));
  return result;
}

export function turned(tensor: HostTensor): HostTensor {
  const [rows, columns] = tensor.shape as [number, number];
  const values = tensor.data();
  return hostTensor(
    Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
    [columns, rows],
  );
}

export const huggingFaceConfig = {
  model_type: 'clip',
  projection_dim: 6,
  vision_config: {
    hidden_act: 'quick_gelu',
    hidden_size: 24,
    image_size: 8,
    num_attention_heads: 3,
    num_hidden_layers: 1,
    patch_size: 4,
  },
  text_config: {
    hidden_act: 'quick_gelu',
    hidden_size: 16,
    max_position_embeddings: 5,
    num_attention_heads: 2,
    num_hidden_layers: 2,
    vocab_size: 12,
  },
};

export const openClipConfig = {
  model_cfg: {
    embed_dim: 6,
    quick_gelu: true,
    vision_cfg: { image_size: 8, layers: 1, width: 24, patch_size: 4, head_width: 8 },
    text_cfg: { context_length: 5, vocab_size: 12, width: 16, heads: 2, layers: 2 },
  },
  preprocess_cfg: { mean: [0.5, 0.5, 0.5] },
};
