import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText } from '@promptweave/core';
import { seesAll } from '../clip-form.js';
import type { ClipModel } from '../clip-model.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { layOut } from './known-layouts.js';
import type { TextLayout } from './text-layout.js';

/** The layout of the rows at each step; one object for all steps that have the same. */
export function layouts(
  text: PromptedText,
  { shape, startRows }: Pick<ClipModel<unknown>, 'shape' | 'startRows'>,
  paddedClasses: number,
): (step: number) => TextLayout {
  const { inserted, ofClasses } = text;
  const made = new Map<string, TextLayout>();
  return (step) => {
    const isInserted = inserted !== undefined && step >= inserted.block;
    const ownContext = ofClasses !== undefined && step >= ofClasses.block;
    const key = `${isInserted} ${ownContext}`;
    const { contextLength } = shape.text;
    const layout =
      made.get(key) ??
      layOut(seesAll(shape) ? 'whole' : 'tiles', {
        ...{ prefix: text.prefix.shape[0], lengths: text.lengths, contextLength, paddedClasses, ownContext, startRows },
        inserted: isInserted ? inserted.rows[0]!.shape[0] : 0,
      });
    made.set(key, layout);
    return layout;
  };
}

/** What replaces rows of the first group at the input of a step: inserted rows by later ones, and the context after them. */
export function enteringPrompt(
  { inserted, deep }: PromptedText,
  step: number,
  startRows: number,
): EnteringPrompt | undefined {
  const context = step > 0 ? deep[step - 1] : undefined;
  const isInserted = inserted !== undefined && step >= inserted.block;
  const later = isInserted && step > inserted.block ? inserted.rows[step - inserted.block] : undefined;
  if (later) return { rows: context ? tf.concat([later, context], 0) : later, at: startRows };
  return context && { rows: context, at: startRows + (isInserted ? inserted.rows[0]!.shape[0] : 0) };
}
