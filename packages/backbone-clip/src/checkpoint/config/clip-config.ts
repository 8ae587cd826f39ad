import { CheckpointError } from '@promptweave/core';
import type { z } from 'zod';
import type { Activation } from '../../activation.js';
import { familyNames } from '../../clip-form.js';
import type { Cleaning } from '../../tokenizer/index.js';
import type { ClipArchitecture } from '../clip-architecture.js';
import type { StatedPreprocessing } from '../preprocessing/stated-preprocessing.js';
import { unsupported } from './understood.js';

/** What a configuration file says. */
export interface ClipConfig {
  /** Path of the file. */
  readonly file: string;
  readonly architecture: Partial<ClipArchitecture>;
  /** What it says of images. */
  readonly preprocessing?: StatedPreprocessing;
  /** The token at which a text is read, where that is not the one with the largest id. */
  readonly endTokenId?: number;
  /** Whether texts are cut by a tokenizer of sentence pieces, where the family does not say so; MetaCLIP 2. */
  readonly sentencePieces?: boolean;
  /** How texts are cleaned before. */
  readonly clean?: Cleaning;
  /** What is worth telling, a sentence each. */
  readonly notes: readonly string[];
}

const activations: Readonly<Record<string, Activation>> = {
  ...{ quick_gelu: 'quick-gelu', gelu: 'gelu', gelu_pytorch_tanh: 'gelu-tanh' },
};
/** Derived from elsewhere, or given by an option. */
const NOT_IN_THE_SHAPES = ['visionHeads', 'textHeads', 'activation', 'imageSize'];

/** @throws CheckpointError when the configuration contradicts the weights */
export function requireAgreement({ file, architecture }: ClipConfig, found: ClipArchitecture): void {
  const familyOf = ({ family }: Partial<ClipArchitecture>): string => `a ${family ? familyNames[family] : 'CLIP'}`;
  const saysFamily = Object.keys(architecture).length > 0; // timm's says nothing of the model
  if (saysFamily && familyOf(architecture) !== familyOf(found)) {
    throw new CheckpointError(
      `The configuration is that of ${familyOf(architecture)}, the weights are those of ${familyOf(found)}.`,
      { where: file, remedy: 'Put the weights and the configuration that belongs to them into a folder of their own.' },
    );
  }
  for (const [name, value] of Object.entries(architecture)) {
    const actual = found[name as keyof ClipArchitecture];
    if (value === actual || NOT_IN_THE_SHAPES.includes(name)) continue;
    throw new CheckpointError(`The configuration says ${name} ${value}, the weights have ${actual}.`, {
      where: file,
      remedy: 'Put the weights and the configuration that belongs to them into a folder of their own.',
    });
  }
}

/**
 * A value that fits a schema.
 *
 * @param section where the value stands in the file
 * @throws CheckpointError naming the first place that does not
 */
export function parsed<T>(schema: z.ZodType<T>, json: unknown, file: string, section?: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...(section === undefined ? [] : [section]), ...(issue?.path ?? [])].join('.');
  throw new CheckpointError(`The configuration's ${path || 'content'}: ${wordsOf(issue?.message)}.`, {
    where: file,
    remedy: 'Correct the value, or get the file again.',
  });
}

/** What a schema complains of, e.g. `expected a number, found nothing`. */
function wordsOf(message = 'is wrong'): string {
  return message.replace('Invalid input: ', '').replaceAll('received undefined', 'found nothing');
}

/** The activation that transformers calls so. @throws CheckpointError for any other */
export function activationOf(name: string, key: string, file: string): Activation {
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (!activation) throw unsupported(key, name, 'quick_gelu, gelu or gelu_pytorch_tanh', file);
  return activation;
}

/** Without the values that a configuration leaves out. */
export function known(values: {
  [K in keyof ClipArchitecture]?: ClipArchitecture[K] | undefined;
}): Partial<ClipArchitecture> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
