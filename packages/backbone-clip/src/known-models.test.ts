import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { KNOWN_FAMILIES } from './known-models.js';

interface Config {
  readonly embed_dim: number;
  readonly vision_cfg: Readonly<Record<string, number | string>>;
  readonly text_cfg: Readonly<Record<string, number>>;
}

/** All configurations of open_clip, see fixtures/configurations.py. */
const fixture = new URL('../fixtures/configurations.json', import.meta.url);
const { open_clip } = JSON.parse(await readFile(fixture, 'utf8')) as { open_clip: Record<string, { config: Config }> };
const configs = Object.values(open_clip).map(({ config }) => config);

const models = KNOWN_FAMILIES.filter(({ name }) => !name.startsWith('TinyCLIP')).flatMap((family) => family.models);

it.each(models.map((model) => [model.id, model] as const))(
  "%s has the sizes of a configuration of open_clip's",
  (_, model) => {
    const { image, text, embedding } = model;
    const fits = ({ embed_dim, vision_cfg: vision, text_cfg }: Config): boolean => {
      const ofText = [
        text_cfg['width'],
        text_cfg['layers'],
        text_cfg['heads'],
        text_cfg['context_length'],
        text_cfg['vocab_size'],
      ];
      const sameText = ofText.join() === [text.width, text.layers, text.heads, text.length, text.tokens].join();
      const timm = String(vision['timm_model_name'] ?? '');
      const sameImage = timm
        ? Number(/patch(\d+)/.exec(timm)?.[1] ?? 0) === image.patch
        : vision['width'] === image.width && vision['layers'] === image.layers && vision['patch_size'] === image.patch;
      return (
        embed_dim === embedding && sameText && sameImage && image.sizes.includes(Number(vision['image_size'] ?? 224))
      );
    };
    expect(configs.some(fits)).toBe(true);
  },
);

it('every family that is not supported says why, and no model is listed twice', () => {
  for (const { supported, note, models: own } of KNOWN_FAMILIES) {
    expect(note).not.toBe('');
    expect(own.length > 0).toBe(supported);
  }
  expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
});
