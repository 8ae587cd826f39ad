import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePreprocessing } from './chosen-preprocessing.js';
import { openClipPreprocessing } from './open-clip-preprocessing.js';
import { timmPreprocessing } from './timm-preprocessing.js';
import { readPreprocessorConfig } from './transformers-preprocessing.js';

const mean = [0.48145466, 0.4578275, 0.40821073];
const std = [0.26862954, 0.26130258, 0.27577711];
const half = [0.5, 0.5, 0.5];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clip-images-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: unknown, name = 'preprocessor_config.json') {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return readPreprocessorConfig(file);
}

/** As transformers 4.6 to 4.24 wrote it. */
const extractor = {
  ...{ crop_size: 224, do_center_crop: true, do_normalize: true, do_resize: true, resample: 3, size: 224 },
  ...{ feature_extractor_type: 'CLIPFeatureExtractor', image_mean: mean, image_std: std },
};
/** As transformers 4.25 and later write it. */
const processor = {
  ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_convert_rgb: true, do_normalize: true },
  ...{
    do_rescale: true,
    rescale_factor: 0.00392156862745098,
    do_resize: true,
    resample: 3,
    size: { shortest_edge: 224 },
  },
  ...{ image_processor_type: 'CLIPImageProcessor', image_mean: mean, image_std: std },
};
const shortest = { resize: 'shortest', interpolation: 'bicubic', size: 224, mean, std };

describe("transformers' preprocessor_config.json", () => {
  it.each([
    ['of the first versions', extractor, shortest],
    ['of later versions', processor, shortest],
    [
      'of the fast processors',
      {
        ...processor,
        ...{ data_format: 'channels_first', device: null, do_pad: null, pad_size: null, default_to_square: false },
      },
      shortest,
    ],
    ['with a list', { ...extractor, crop_size: [224, 224] }, shortest],
    [
      'with other constants',
      { ...extractor, image_mean: half, image_std: half },
      { ...shortest, mean: half, std: half },
    ],
    ['without a scale', { ...processor, do_normalize: false }, { ...shortest, mean: [0, 0, 0], std: [1, 1, 1] }],
    ['with Pillow’s bilinear', { ...processor, resample: 2 }, { ...shortest, interpolation: 'bilinear' }],
    ['with both sides', { ...processor, size: { height: 224, width: 224 } }, { ...shortest, resize: 'squash' }],
    [
      'with both sides and no crop',
      { ...processor, size: { height: 378, width: 378 }, do_center_crop: false },
      { ...shortest, resize: 'squash', size: 378 },
    ],
    [
      "of ViT's processor, whose number is a square",
      {
        ...extractor,
        feature_extractor_type: undefined,
        image_processor_type: 'ViTImageProcessor',
        do_center_crop: undefined,
      },
      { ...shortest, resize: 'squash' },
    ],
    [
      'that says next to nothing',
      { image_processor_type: 'CLIPImageProcessor' },
      { resize: 'shortest', interpolation: 'bicubic' },
    ],
  ])('%s', async (_, content, expected) => {
    const { file: _file, ...stated } = (await read(content))!;
    expect(JSON.parse(JSON.stringify(stated))).toEqual(expected);
  });

  it('within processor_config.json', async () => {
    expect(
      await read({ image_processor: processor, processor_class: 'CLIPProcessor' }, 'processor_config.json'),
    ).toMatchObject(shortest);
    expect(await read({ processor_class: 'CLIPProcessor' }, 'processor_config.json')).toBeUndefined();
  });

  it.each([
    [{ size: { longest_edge: 224 } }, /size is \{"longest_edge":224\}/],
    [{ size: { height: 224, width: 336 } }, /size is/],
    [{ size: 256 }, /resized to 256 pixels and 224 are cut out/],
    [{ size: 'large' }, /size is/],
    [{ do_center_crop: false }, /do_center_crop is false/],
    [{ do_resize: false }, /do_resize is false/],
    [{ do_rescale: false }, /do_rescale is false/],
    [{ rescale_factor: 1 / 127.5 }, /rescale_factor is/],
    [{ resample: 0 }, /resample is 0/],
    [{ resample: 'bicubic' }, /resample is/],
    [{ image_mean: [0.5] }, /image_mean is \[0\.5\]/],
    [{ image_std: [0, 0, 0] }, /image_std is/],
    [{ do_pad: true }, /do_pad is true/],
    [{ a_setting_of_tomorrow: true }, /a_setting_of_tomorrow/],
  ])('%j is refused by name', async (change, message) => {
    const failure: unknown = await read({ ...processor, ...change }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CheckpointError);
    expect((failure as Error).message).toMatch(message);
  });
});

describe("open_clip's preprocess_cfg", () => {
  it.each([
    [
      { mean: half, std: half },
      { mean: half, std: half, resize: 'shortest', interpolation: 'bicubic' },
    ],
    [
      { interpolation: 'bilinear', resize_mode: 'squash', size: [256, 256] },
      { resize: 'squash', interpolation: 'bilinear' },
    ],
    [
      { interpolation: 'random', fill_color: 0, mode: 'RGB' },
      { resize: 'shortest', interpolation: 'bicubic' },
    ],
  ])('%j', (content, expected) => {
    const { file: _file, ...stated } = openClipPreprocessing(content, 'x');
    expect(JSON.parse(JSON.stringify(stated))).toEqual(expected);
  });

  it.each([
    { resize_mode: 'longest' },
    { interpolation: 'lanczos' },
    { mode: 'L' },
    { mean: 'x' },
    { keep_ratio: true },
  ])('%j is refused by name', (content) => {
    expect(() => openClipPreprocessing(content, 'x')).toThrow(CheckpointError);
    expect(() => openClipPreprocessing(content, 'x')).toThrow(`preprocess_cfg.${Object.keys(content)[0]}`);
  });
});

it.each([{ crop_pct: 0.9 }, { crop_mode: 'border' }, { interpolation: 'random' }, { input_size: [3, 224, 288] }])(
  "timm's %j is refused by name",
  (content) => {
    expect(() => timmPreprocessing(content, 'x')).toThrow(`pretrained_cfg.${Object.keys(content)[0]}`);
  },
);

describe('what is chosen', () => {
  const file = {
    file: '/m/preprocessor_config.json',
    mean: half,
    std: half,
    resize: 'squash',
    interpolation: 'bilinear',
  } as const;

  it('is an option, then the file, then what OpenAI’s models need', () => {
    expect(choosePreprocessing({}, [], 48).preprocessing).toEqual({ ...shortest, size: 48 });
    expect(choosePreprocessing({}, [file], 48).preprocessing).toEqual({
      ...{ mean: half, std: half, resize: 'squash', interpolation: 'bilinear', size: 48 },
    });
    const given = choosePreprocessing({ imageMean: [0, 0, 0], resize: 'shortest' }, [file], 48);
    expect(given.preprocessing).toEqual({
      ...{ mean: [0, 0, 0], std: half, resize: 'shortest', interpolation: 'bilinear', size: 48 },
    });
    expect(given.notes).toEqual([
      expect.stringMatching(
        /^Images: short side to 48 pixels \(bilinear\), .* but for mean, resize, which an option gives/,
      ),
      'The option for mean (0 0 0) goes before preprocessor_config.json (0.5 0.5 0.5).',
      'The option for resize (shortest) goes before preprocessor_config.json (squash).',
    ]);
  });

  it('says where two files differ', () => {
    const { notes } = choosePreprocessing(
      {},
      [
        { ...file, file: '/m/open_clip_config.json' },
        { ...file, mean },
      ],
      48,
    );
    expect(notes[1]).toMatch(/^WARNING: preprocessor_config\.json says another mean .* than open_clip_config\.json/);
  });

  it('refuses a size that the weights do not have', () => {
    expect(() => choosePreprocessing({}, [{ ...file, size: 224 }], 336)).toThrow(/224 pixels, the weights need 336/);
  });
});
