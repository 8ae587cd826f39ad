import { type Emoji, emojiCatalogue } from './catalogue.js';
import { emojiCodeOf } from './emoji-names.js';
import { type IconSet, readIconSet } from './icon-set.js';
import type { EmojiStyle } from './split.js';

/** One artist's drawing of one emoji. */
export interface Drawing {
  /** Stable identity, `style/name`: `openmoji/dog-face`. */
  readonly id: string;
  readonly style: EmojiStyle;
  readonly emoji: Emoji;
  /** The drawing as an SVG document. */
  svg(): string;
}

/** By style: to match names takes a tenth of a second. */
const known = new Map<string, readonly Drawing[]>();

/**
 * All drawings of one style, at most one for each emoji, in Unicode order. Drawings are matched to emoji by code
 * points where the set gives them, else by name.
 *
 * @param modulesFolder see {@link readIconSet}
 * @throws DatasetError when the style's package is not installed
 */
export function readDrawings(style: EmojiStyle, modulesFolder?: string): readonly Drawing[] {
  if (modulesFolder !== undefined) return drawingsOf(style, modulesFolder);
  const key = `${style.name} ${style.package}`;
  const drawings = known.get(key) ?? drawingsOf(style);
  known.set(key, drawings);
  return drawings;
}

function drawingsOf(style: EmojiStyle, modulesFolder?: string): readonly Drawing[] {
  const set = readIconSet(style.package, modulesFolder);
  const nameOf = namesByCode(set);
  return emojiCatalogue().flatMap((emoji) => {
    const name = nameOf.get(emoji.code);
    return name === undefined ? [] : [{ id: `${style.name}/${name}`, style, emoji, svg: () => set.svg(name) }];
  });
}

/** Emoji code → name of its drawing. */
function namesByCode(set: IconSet): Map<string, string> {
  const found = new Map<string, string>();
  const taken = new Set<string>();
  const add = (code: string | undefined, name: string): void => {
    const drawing = set.aliases.get(name) ?? name;
    if (code === undefined || found.has(code) || taken.has(drawing)) return;
    found.set(code, drawing);
    taken.add(drawing);
  };
  for (const [code, name] of set.codes) add(code, name);
  for (const name of set.names) add(emojiCodeOf(name), name);
  for (const alias of set.aliases.keys()) add(emojiCodeOf(alias), alias);
  return found;
}
