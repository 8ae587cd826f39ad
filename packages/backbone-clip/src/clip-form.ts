import type { BackboneShape } from '@promptweave/core';

/** What the towers are made of, beside their sizes and what `BackboneShape` says of them. */
export interface ClipForm {
  /** What is added to variances in all layer norms. */
  readonly epsilon: number;
  /** Whether the patch embedding has a bias. */
  readonly patchBias: boolean;
  /** Whether a layer norm stands before the first block of the vision tower. */
  readonly lnPre: boolean;
  /** Whether the vision tower ends with a projection into the common space; if not, that has the tower's width. */
  readonly visionProjection: boolean;
  /** Whether the projection of the text tower has a bias. */
  readonly textBias: boolean;
  /** Whether a constant is added to the logits. */
  readonly logitBias: boolean;
}

/** CLIP (arXiv 2103.00020), as OpenAI and open_clip train it. */
export const CLIP_FORM: ClipForm = {
  epsilon: 1e-5,
  patchBias: false,
  lnPre: true,
  visionProjection: true,
  textBias: false,
  logitBias: false,
};

/** SigLIP (arXiv 2303.15343) and SigLIP 2 (arXiv 2502.14786) of fixed resolution. */
export const SIGLIP_FORM: ClipForm = {
  epsilon: 1e-6,
  patchBias: true,
  lnPre: false,
  visionProjection: false,
  textBias: true,
  logitBias: true,
};

type Towers = Pick<BackboneShape, 'vision' | 'text'>;

/** Rows before the patches: the class token, where there is one. */
export function classRowsOf({ vision }: Pick<Towers, 'vision'>): number {
  return vision.classToken === false ? 0 : 1;
}

/** Whether image features come from a pooling head. */
export function isPooled({ vision }: Pick<Towers, 'vision'>): boolean {
  return vision.pooling === 'attention';
}

/** Whether every row of a text sees all others, padding among them. */
export function seesAll({ text }: Pick<Towers, 'text'>): boolean {
  return text.attention === 'full';
}
