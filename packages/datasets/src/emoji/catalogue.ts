import { z } from 'zod';
import { DatasetError } from '@promptweave/core';
import { requireEmojiData } from './emoji-data.js';

/** One emoji of the Unicode list: a concept that many artists have drawn. */
export interface Emoji {
  /** Code points in lower-case hexadecimal, joined by hyphens, without the variation selector: `1f436`. */
  readonly code: string;
  /** English name: `dog face`. */
  readonly label: string;
  /** English key words: `pet`, `puppy`, …. */
  readonly tags: readonly string[];
  /** Unicode group: `animals-nature`. */
  readonly group: string;
  /** Unicode subgroup: `animal-mammal`. */
  readonly subgroup: string;
  /** Place in Unicode order. */
  readonly order: number;
}

const entries = z.array(
  z.object({
    label: z.string(),
    hexcode: z.string(),
    tags: z.array(z.string()).default([]),
    group: z.number().optional(),
    subgroup: z.number().optional(),
  }),
);
const groupNames = z.object({ groups: z.record(z.string(), z.string()), subgroups: z.record(z.string(), z.string()) });

const excludedGroups = new Set(['component', 'flags']);
/** The 24 clock faces, one o’clock to half past twelve. */
const clockFace = /^1f5(5[0-9a-f]|6[0-7])$/;

/** Code points as the catalogue writes them: lower case, without the variation selector. */
export function canonicalCode(code: string): string {
  return code.toLowerCase().replaceAll('-fe0f', '');
}

let catalogue: readonly Emoji[] | undefined;

/**
 * All emoji in Unicode order, without skin tones, flags, letters for flags and clock faces. Source: `emojibase-data`.
 *
 * @throws DatasetError when the package is not installed or its data does not have the expected form
 */
export function emojiCatalogue(): readonly Emoji[] {
  catalogue ??= readCatalogue();
  return catalogue;
}

function readCatalogue(): Emoji[] {
  const names = parse(groupNames, 'emojibase-data/meta/groups.json');
  return parse(entries, 'emojibase-data/en/data.json').flatMap((entry, order) => {
    const group = names.groups[String(entry.group)];
    const subgroup = names.subgroups[String(entry.subgroup)];
    if (group === undefined || subgroup === undefined) return [];
    if (excludedGroups.has(group) || clockFace.test(canonicalCode(entry.hexcode))) return [];
    const { label, tags } = entry;
    return [{ code: canonicalCode(entry.hexcode), label: label.toLowerCase(), tags, group, subgroup, order }];
  });
}

function parse<T>(schema: z.ZodType<T>, file: string): T {
  const content: unknown = requireEmojiData()(file);
  const result = schema.safeParse(content);
  if (!result.success) throw new DatasetError(`${file}: ${z.prettifyError(result.error)}`);
  return result.data;
}
