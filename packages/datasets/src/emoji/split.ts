/**
 * Which drawings and which concepts may be used for what. This one file is read by the emoji data sets and by the
 * pretraining of the embedded CLIP (`tools/pretrain`), and a test proves that the two never share a drawing.
 *
 * - `pretrain`: drawings the embedded CLIP is trained on.
 * - `validation`: never trained on; used to choose the recipe of the pretraining. The data sets use it for training
 *   and validation only, never for testing.
 * - `downstream`: never seen by the pretraining in any way, held out for the data sets.
 *
 * Drawings that were made from one another are one family, and a family has one role.
 */
export type StyleRole = 'pretrain' | 'validation' | 'downstream';

/** One drawing style: the emoji of one artist or company, published as an icon set. */
export interface EmojiStyle {
  /** Short name, also the image's domain. */
  readonly name: string;
  /** Who drew it: the class name in `emoji-artists`. */
  readonly artist: string;
  /** Styles drawn after one another share a family. */
  readonly family: string;
  readonly role: StyleRole;
  /** npm package of the icon set. */
  readonly package: string;
  /** SPDX identifier. Share-alike licences are never used for pretraining. */
  readonly licence: string;
}

function style(name: string, artist: string, family: string, role: StyleRole, licence: string): EmojiStyle {
  return { name, artist, family, role, package: `@iconify-json/${name}`, licence };
}

/** All the styles, sorted by role and name. */
export const emojiStyles: readonly EmojiStyle[] = [
  style('fluent-emoji', 'fluent', 'fluent', 'pretrain', 'MIT'),
  style('fluent-emoji-flat', 'fluent flat', 'fluent', 'pretrain', 'MIT'),
  style('fluent-emoji-high-contrast', 'fluent high contrast', 'fluent', 'pretrain', 'MIT'),
  style('noto', 'noto', 'noto', 'pretrain', 'Apache-2.0'),
  style('noto-v1', 'noto blob', 'noto', 'pretrain', 'Apache-2.0'),
  style('twemoji', 'twitter', 'twemoji', 'pretrain', 'CC-BY-4.0'),
  style('fxemoji', 'firefox', 'fxemoji', 'validation', 'Apache-2.0'),
  style('emojione', 'emojione', 'emojione', 'downstream', 'CC-BY-4.0'),
  style('emojione-monotone', 'emojione monotone', 'emojione', 'downstream', 'CC-BY-4.0'),
  style('emojione-v1', 'emojione classic', 'emojione', 'downstream', 'CC-BY-SA-4.0'),
  style('openmoji', 'openmoji', 'openmoji', 'downstream', 'CC-BY-SA-4.0'),
  style('streamline-emojis', 'streamline', 'streamline', 'downstream', 'CC-BY-4.0'),
];

/** Styles with one of these roles, in the order of {@link emojiStyles}. */
export function stylesOf(...roles: StyleRole[]): EmojiStyle[] {
  return emojiStyles.filter((candidate) => roles.includes(candidate.role));
}

/** Unicode groups whose concepts (labels) the pretraining sees, drawn in `pretrain` styles and as plain icons. */
export const pretrainGroups: readonly string[] = ['animals-nature', 'food-drink', 'travel-places', 'objects'];

/** The hard case: a group of concrete things of which the pretraining sees no drawing and no name. */
export const heldOutGroup = 'activities';

/** Artist-disjoint styles of the data sets whose classes are single emoji (`emoji-animals`, …). */
export const singleEmojiStyles = {
  train: ['emojione', 'emojione-v1', 'emojione-monotone'],
  val: ['fxemoji'],
  test: ['openmoji', 'streamline-emojis'],
} as const;

/** The parts of a data set. */
export type SplitPart = 'train' | 'val' | 'test';

/**
 * Part of an emoji in the data sets whose parts hold different emoji (`emoji-groups`, `emoji-artists`).
 *
 * @param rank position of the emoji in its subgroup, in Unicode order
 * @returns of ten neighbours four are `train`, one is `val` and five are `test`
 */
export function partOfRank(rank: number): SplitPart {
  const parts = ['train', 'test', 'val', 'test', 'train', 'test', 'train', 'test', 'train', 'test'] as const;
  return parts[rank % parts.length] ?? 'test';
}
