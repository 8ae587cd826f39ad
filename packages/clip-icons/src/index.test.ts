import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFolder } from './index.js';

const json = (name: string) => JSON.parse(readFileSync(join(modelFolder, name), 'utf8'));

/** Header of a safetensors file: name → type and shape. */
function header(file: string): Record<string, { dtype: string; shape: number[] }> {
  const bytes = readFileSync(file);
  const tensors = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))));
  delete tensors.__metadata__;
  return tensors;
}

describe('the embedded model', () => {
  const config = json('config.json');
  const tensors = header(join(modelFolder, config.weights));

  it('lies in an absolute folder and is below 12 MB of float16', () => {
    expect(isAbsolute(modelFolder)).toBe(true);
    expect(statSync(join(modelFolder, config.weights)).size).toBeLessThan(12e6);
    expect(new Set(Object.values(tensors).map((tensor) => tensor.dtype))).toEqual(new Set(['F16']));
  });

  it('has the shapes that its configuration says', () => {
    const { vision_width: v, text_width: t, embedding_size: e, patch_size: p, image_size: s } = config;
    expect(tensors['visual.conv1.weight']?.shape).toEqual([v, 3, p, p]);
    expect(tensors['visual.positional_embedding']?.shape).toEqual([(s / p) ** 2 + 1, v]);
    expect(tensors['visual.proj']?.shape).toEqual([v, e]);
    expect(tensors['token_embedding.weight']?.shape).toEqual([config.vocab_size, t]);
    expect(tensors['positional_embedding']?.shape).toEqual([config.context_length, t]);
    expect(tensors['text_projection']?.shape).toEqual([t, e]);
    expect(tensors['logit_scale']?.shape).toEqual([]);
    expect([v / config.vision_heads, t / config.text_heads]).toEqual([64, 64]);
    const layers = (start: string): number =>
      Object.keys(tensors).filter((name) => name.startsWith(start) && name.endsWith('.mlp.c_fc.weight')).length;
    expect([layers('visual.transformer.'), layers('transformer.')]).toEqual([config.vision_layers, config.text_layers]);
  });

  it('has a tokenizer for any text, whose start and end are the two largest ids', () => {
    const { model, added_tokens: added } = json(config.tokenizer);
    const ids: number[] = Object.values(model.vocab);
    expect(Math.max(...ids)).toBe(config.vocab_size - 1);
    expect(new Set(ids).size).toBe(config.vocab_size);
    expect(added.map((token: { content: string; id: number }) => [token.content, token.id])).toEqual([
      ['<|startoftext|>', config.vocab_size - 2],
      ['<|endoftext|>', config.vocab_size - 1],
    ]);
    for (const letter of ['a', 'z', '0', '!', 'Ã', '¯']) {
      expect(model.vocab).toHaveProperty([letter]);
      expect(model.vocab).toHaveProperty([`${letter}</w>`]);
    }
  });
});
