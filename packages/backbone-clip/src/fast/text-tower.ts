import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText, TextEncoding } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { ENTRY, firstLearnedStep, tapedFrom } from '../learned-steps.js';
import { rowsOfPrompts, textFeatures } from '../plain/text-tower.js';
import type { TextTowerRequest } from '../tower-request.js';
import { edgeNorm, enteringText } from './edges.js';
import { enterRows } from './enter-rows.js';
import type { FoldedBlock } from './folded-weights.js';
import { pickRows } from './rows.js';
import { runBlock } from './run-block.js';
import type { TextLayout } from './text-layout.js';
import { enteringPrompt, layouts } from './text-steps.js';

/**
 * The text tower over packed rows: the prefix once for all classes, then the branches, several classes to a tile. No row after
 * the end of text, unless padding is asked for. Exact: the mask is causal, and no class sees another. With full attention every class has
 * all rows of its own, and only the last block and the frozen backward pass are cheaper than on the plain path.
 */
export function encodeTextFast(
  model: ClipModel<FoldedBlock>,
  text: PromptedText,
  request: TextTowerRequest,
  recompute: boolean,
): TextEncoding {
  const { tensors, startRows } = model;
  const { tuning, keepLast = 0, firstBranchRow = 0, blocks = tensors.text.blocks.map((_, i) => i) } = request;
  const { inserted, ofClasses } = text;
  const layoutOf = layouts(text, model, keepLast > 0 ? (request.paddedClasses ?? 0) : 0);
  const learnedFrom = firstLearnedStep(text, request, blocks);

  let layout = layoutOf(0);
  let x = tapedFrom(learnedFrom, ENTRY, () => {
    const { input } = tuning ?? {};
    if (!input) return enteringText(model, text, layout);
    const rows = pickRows(rowsOfPrompts(model.embedTokens([model.padId]), text), layout.source);
    const entering = tf.add(rows, input.apply(rows, input.variables, layout.ids(firstBranchRow)));
    return tf.add<tf.Tensor2D>(entering, pickRows(tensors.text.positions, layout.position)); // [N, T]
  });
  const kept: { readonly x: tf.Tensor2D; readonly layout: TextLayout }[] = [];
  blocks.forEach((index, step) => {
    const weights = tensors.text.blocks[index]!;
    const input = x;
    const before = layout;
    layout = layoutOf(step);
    if (layout !== before) {
      const entering = {
        inserted: step === inserted?.block ? inserted.rows[0] : undefined,
        ofClasses: step === ofClasses?.block ? ofClasses.rows : undefined,
      };
      x = enterRows(x, before, layout, entering, startRows);
    }
    const ends = text.roles.map(({ end }, c) => layout.rowOf({ class: c, position: end }));
    const isRead = step === blocks.length - 1 && keepLast === 0;
    x = tapedFrom(learnedFrom, step, () =>
      runBlock(x, weights, {
        ...{ recompute, groups: layout.groups, ids: () => layout.ids(firstBranchRow) },
        tuning: tuning?.blocks[index],
        prompt: enteringPrompt(text, step, startRows),
        read: isRead ? layout.read(ends) : undefined,
      }),
    );
    if (!kept.some((one) => one.x === input)) input.dispose(); // the tape has what it needs of it
    if (step >= blocks.length - keepLast) kept.push({ x, layout });
  });

  const ends = text.roles.map(({ end }, c) => layout.rowOf({ class: c, position: end }));
  const read = keepLast === 0 ? x : pickRows(x, ends); // [C, T]
  return {
    features: textFeatures(model, read, tuning, edgeNorm),
    kept: kept.length,
    rows: (step, positions) => {
      const { x: states, layout: own } = kept[step]!;
      return pickRows(states, positions.map(own.rowOf));
    },
  };
}
