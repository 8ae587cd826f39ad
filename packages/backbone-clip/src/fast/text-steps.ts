import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText } from '@promptweave/core';
import type { EnteringPrompt } from './prompt-rows.js';
import { tileText, type TextLayout } from './text-layout.js';

/** The layout of the rows at each step; one object for all steps that have the same. */
export function layouts(
  text: PromptedText,
  contextLength: number,
  paddedClasses: number,
): (step: number) => TextLayout {
  const { inserted, ofClasses } = text;
  const made = new Map<string, TextLayout>();
  return (step) => {
    const isInserted = inserted !== undefined && step >= inserted.block;
    const ownContext = ofClasses !== undefined && step >= ofClasses.block;
    const key = `${isInserted} ${ownContext}`;
    const layout =
      made.get(key) ??
      tileText({
        ...{ prefix: text.prefix.shape[0], lengths: text.lengths, contextLength, paddedClasses, ownContext },
        inserted: isInserted ? inserted.rows[0]!.shape[0] : 0,
      });
    made.set(key, layout);
    return layout;
  };
}

/** What replaces rows of the prefix at the input of a step: inserted rows by later ones, and the context after them. */
export function enteringPrompt({ inserted, deep }: PromptedText, step: number): EnteringPrompt | undefined {
  const context = step > 0 ? deep[step - 1] : undefined;
  const isInserted = inserted !== undefined && step >= inserted.block;
  const later = isInserted && step > inserted.block ? inserted.rows[step - inserted.block] : undefined;
  if (later) return { rows: context ? tf.concat([later, context], 0) : later, at: 1 };
  return context && { rows: context, at: 1 + (isInserted ? inserted.rows[0]!.shape[0] : 0) };
}
