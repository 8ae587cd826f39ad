import { canonicalCode, emojiCatalogue } from './catalogue.js';
import { requireEmojiData } from './emoji-data.js';
import { readIconSet } from './icon-set.js';

const shortcodeLists = ['cldr', 'emojibase', 'emojibase-legacy', 'github', 'iamcal', 'joypixels'];

/** A name without case, accents, blanks and punctuation: `Piñata`, `pinata`; `dog-face`, `dogface`. */
export function squeezedName(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/[^a-z0-9]+/g, '');
}

/** What a name may mean. */
interface NameLists {
  /** Labels as they are: `keycap: *`. */
  readonly labels: ReadonlyMap<string, string>;
  /** Shortcodes as they are, without colons: `-1`, `hot_beverage`. */
  readonly shortcodes: ReadonlyMap<string, string>;
  /** All names, squeezed: labels, then the names of a set with code points, then shortcodes. */
  readonly squeezed: ReadonlyMap<string, string>;
}

let names: NameLists | undefined;

/**
 * Finds the emoji that a name means. A label, and a shortcode between colons, is looked up as it is: `:-1:` and `:+1:` differ in
 * their signs alone. Any other name is squeezed and looked for among labels first, then the names that a set with code points
 * gives to its drawings, then shortcodes. Where a set numbers several drawings of one emoji, the first is taken.
 *
 * @param name file name in an icon set, a label, or a shortcode with or without colons: `dog-face`, `:dog:`, `bird-1`
 * @returns the emoji's code, or undefined when the name is none of an emoji
 */
export function emojiCodeOf(name: string): string | undefined {
  const { labels, shortcodes, squeezed } = (names ??= readNames());
  const shortcode = /^:(.+):$/.exec(name)?.[1];
  const exact = labels.get((shortcode ?? name).toLowerCase()) ?? shortcodes.get(shortcode?.toLowerCase() ?? '');
  return exact ?? squeezed.get(squeezedName(name)) ?? squeezed.get(squeezedName(name.replace(/-1$/, '')));
}

function readNames(): NameLists {
  const known = new Set(emojiCatalogue().map((emoji) => emoji.code));
  const labels = new Map<string, string>();
  const shortcodes = new Map<string, string>();
  const squeezed = new Map<string, string>();
  const addTo = (list: Map<string, string>, name: string, code: string): void => {
    if (known.has(code) && !list.has(name)) list.set(name, code);
  };
  const add = (name: string, code: string): void => addTo(squeezed, squeezedName(name), code);
  for (const { label, code } of emojiCatalogue()) {
    addTo(labels, label, code);
    add(label, code);
  }
  const reference = readIconSet('@iconify-json/openmoji');
  for (const [code, name] of reference.codes) add(name, code);
  for (const [alias, parent] of reference.aliases) {
    const code = squeezed.get(squeezedName(parent));
    if (code !== undefined) add(alias, code);
  }
  const require = requireEmojiData();
  for (const list of shortcodeLists) {
    const values = require(`emojibase-data/en/shortcodes/${list}.json`) as Record<string, string | string[]>;
    for (const [code, own] of Object.entries(values)) {
      for (const value of [own].flat()) {
        addTo(shortcodes, value.toLowerCase(), canonicalCode(code));
        add(value, canonicalCode(code));
      }
    }
  }
  return { labels, shortcodes, squeezed };
}
