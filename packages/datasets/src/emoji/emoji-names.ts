import { createRequire } from 'node:module';
import { canonicalCode, emojiCatalogue } from './catalogue.js';
import { readIconSet } from './icon-set.js';

const require = createRequire(import.meta.url);
const shortcodeLists = ['cldr', 'emojibase', 'emojibase-legacy', 'github', 'iamcal', 'joypixels'];

/** A name without case, accents, blanks and punctuation: `Piñata`, `pinata`; `dog-face`, `dogface`. */
export function squeezedName(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/[^a-z0-9]/g, '');
}

let names: ReadonlyMap<string, string> | undefined;

/**
 * Finds the emoji that a drawing's file name means: labels first, then the names that a set with code points gives to
 * its drawings, then shortcodes. Where a set numbers several drawings of one emoji, the first is taken.
 *
 * @param name file name in an icon set, or a shortcode with or without colons: `dog-face`, `:dog:`, `bird-1`
 * @returns the emoji's code, or undefined when the name is none of an emoji
 */
export function emojiCodeOf(name: string): string | undefined {
  names ??= readNames();
  return names.get(squeezedName(name)) ?? names.get(squeezedName(name.replace(/-1$/, '')));
}

function readNames(): Map<string, string> {
  const known = new Set(emojiCatalogue().map((emoji) => emoji.code));
  const found = new Map<string, string>();
  const add = (name: string, code: string): void => {
    const key = squeezedName(name);
    if (known.has(code) && !found.has(key)) found.set(key, code);
  };
  for (const emoji of emojiCatalogue()) add(emoji.label, emoji.code);
  const reference = readIconSet('@iconify-json/openmoji');
  for (const [code, name] of reference.codes) add(name, code);
  for (const [alias, parent] of reference.aliases) {
    const code = found.get(squeezedName(parent));
    if (code !== undefined) add(alias, code);
  }
  for (const list of shortcodeLists) {
    const shortcodes = require(`emojibase-data/en/shortcodes/${list}.json`) as Record<string, string | string[]>;
    for (const [code, values] of Object.entries(shortcodes)) {
      for (const value of [values].flat()) add(value, canonicalCode(code));
    }
  }
  return found;
}
