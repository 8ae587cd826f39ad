import type { Row } from './covering-array.test.support.js';

// What each part does to features, written out by name as the papers have it; the product goes by properties.
const textPrompts = ['coop', 'cocoop', 'maple', 'language', 'ivlp', 'comma', 'tcp', 'mmrl'];
const visionPrompts = ['maple', 'vpt', 'ivlp', 'comma', 'mmrl'];
const imageLosses = ['promptsrc/image', 'mmrl/image'];
const labelLosses = ['lamm/hierarchical', 'lamm/parameter', 'lamm/feature', 'lamm/logits'];
/** Heads that are built from the training images' features, and of these the ones that text has no part in after their start. */
const imageHeads = ['tip-adapter', 'linear-probe', 'lp-plus-plus'];
const headsWithoutText = ['linear-probe', 'lp-plus-plus', 'zero-shot-linear-probe'];

/** The sentences that refuse a row, each with the parts that it names; none where the row trains. */
export function refusalsOf([prompt, labels, head, tuning, , loss]: Row): string[] {
  const textMover = textPrompts.includes(prompt!)
    ? `prompt=${prompt}`
    : labels === 'lamm'
      ? 'labels=lamm'
      : tuning !== 'none' && `tuning=${tuning}`;
  const imageMover = visionPrompts.includes(prompt!) ? `prompt=${prompt}` : tuning !== 'none' && `tuning=${tuning}`;
  return [
    headsWithoutText.includes(head!) &&
      textMover &&
      `The head "${head}" with these options does not read the text features of the step, so what ${textMover} learns there would have no effect.`,
    imageHeads.includes(head!) &&
      imageMover &&
      `The head "${head}" keeps features of the training images, and ${imageMover} moves image features while it learns.`,
    head === 'mmrl' &&
      prompt === 'cocoop' &&
      `The head "mmrl" needs one text for all images, and prompt=cocoop gives each image its own.`,
    head === 'mmrl' &&
      !visionPrompts.includes(prompt!) &&
      `The head "mmrl" reads the final states of vision prompts, and prompt=${prompt} has none.`,
    labelLosses.includes(loss!) &&
      labels === 'frozen' &&
      `The loss "${loss}" needs labels that are trained, and the labels are "frozen".`,
    imageLosses.includes(loss!) &&
      !imageMover &&
      `The loss "${loss}" compares learned image features with frozen ones, and neither prompt=${prompt} nor tuning=none learns on the image side.`,
  ].filter((sentence) => sentence !== false);
}
