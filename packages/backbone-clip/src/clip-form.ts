import type { TransformerShape } from '@promptweave/core';

/** What the towers are made of, beside their sizes and what `TransformerShape` says of them. */
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
  /** Heads of the pooling head, where there is one. Default: the vision tower's. */
  readonly poolingHeads?: number;
  /** Whether queries and keys of the vision tower are turned by the place of their patch; see `rotation.ts`. */
  readonly rotation?: boolean;
}

/** Models that are made of CLIP's blocks and are no CLIP. */
export type Family = 'siglip' | 'pe';

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

/** Perception Encoder's PE-Core (arXiv 2504.13181). */
export const PE_FORM: ClipForm = { ...CLIP_FORM, poolingHeads: 8, rotation: true };

/** What the towers of a family are made of. */
export function formOf(family: Family | undefined): ClipForm {
  return family === undefined ? CLIP_FORM : { siglip: SIGLIP_FORM, pe: PE_FORM }[family];
}

/** What people call a model of a family. */
export const familyNames: Readonly<Record<Family, string>> = { siglip: 'SigLIP', pe: 'PE-Core' };

type Towers = Pick<TransformerShape, 'vision' | 'text'>;

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
