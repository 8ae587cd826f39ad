import { basename } from 'node:path';
import { CheckpointError, describePreprocessing, type Preprocessing } from '@promptweave/core';
import { familyNames, type Family } from '../../clip-form.js';
import type { StatedPreprocessing } from './stated-preprocessing.js';

/** OpenAI's, which transformers and open_clip take where nothing is said. */
const OPENAI: Omit<Preprocessing, 'size'> = {
  resize: 'shortest',
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const OF_FAMILY: Readonly<Record<Family, Omit<Preprocessing, 'size'>>> = {
  siglip: { resize: 'squash', interpolation: 'bicubic', ...half },
  pe: { resize: 'squash', interpolation: 'bilinear', ...half },
};

/** What a user may say about images; it takes precedence over files. Names as in the options. */
export interface PreprocessingOptions {
  readonly imageMean?: readonly number[];
  readonly imageStd?: readonly number[];
  readonly interpolation?: Preprocessing['interpolation'];
  readonly resize?: Preprocessing['resize'];
}

/**
 * How images are prepared for a vision tower: as an option says, else as the file of the weights' own form does, else as
 * another file beside them, else as OpenAI's models, or those of the family, need it.
 *
 * @param stated by the files beside the weights, the one that counts first
 * @param imageSize of the vision tower
 * @returns the value, and what is worth telling about it
 * @throws CheckpointError where a file says another size than the weights have
 */
export function choosePreprocessing(
  options: PreprocessingOptions,
  stated: readonly StatedPreprocessing[],
  imageSize: number,
  family?: Family,
): { readonly preprocessing: Preprocessing; readonly notes: readonly string[] } {
  const [first, ...others] = stated;
  const usual = family ? OF_FAMILY[family] : OPENAI;
  if (first?.size !== undefined && first.size !== imageSize) {
    throw new CheckpointError(`The file prepares images of ${first.size} pixels, the weights need ${imageSize}.`, {
      where: first.file,
      remedy:
        'Correct the size in the file, or put the weights and the files that belong to them into a folder of their own.',
    });
  }
  const given = withoutUndefined({
    mean: options.imageMean,
    std: options.imageStd,
    interpolation: options.interpolation,
    resize: options.resize,
  });
  const fromFile = first ? withoutUndefined({ ...first, file: undefined, size: undefined }) : {};
  const preprocessing: Preprocessing = { ...usual, ...fromFile, ...given, size: imageSize };
  const source = first
    ? `as ${basename(first.file)} says`
    : `as ${family ? `${familyNames[family]} needs` : "OpenAI's models need"} it, for no file beside the weights says it`;
  const notes = [`Images: ${describePreprocessing(preprocessing)} (${source}${givenWords(given)}).`];
  for (const [name, value] of Object.entries(given)) {
    const said = first?.[name as keyof Preprocessing];
    if (first && said !== undefined && !same(said, value)) {
      notes.push(`The option for ${name} (${words(value)}) goes before ${basename(first.file)} (${words(said)}).`);
    }
  }
  for (const other of others) {
    for (const name of ['mean', 'std', 'interpolation', 'resize'] as const) {
      const [said, used] = [other[name], { ...usual, ...fromFile }[name]];
      if (said === undefined || same(said, used)) continue;
      notes.push(
        `WARNING: ${basename(other.file)} says another ${name} (${words(said)}) than ${basename(first!.file)} (${words(used)}), which belongs to these weights.`,
      );
    }
  }
  return { preprocessing, notes };
}

function givenWords(given: object): string {
  const names = Object.keys(given);
  return names.length === 0 ? '' : `, but for ${names.join(', ')}, which an option gives`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function words(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
