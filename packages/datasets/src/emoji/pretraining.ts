import { type Emoji, emojiCatalogue } from './catalogue.js';
import { type Drawing, readDrawings } from './drawings.js';
import { emojiCodeOf, squeezedName } from './emoji-names.js';
import { readIconSet } from './icon-set.js';
import { pretrainGroups, stylesOf } from './split.js';

/** One picture that the embedded CLIP is trained on. */
export interface PretrainingImage {
  /** `set/name`. */
  readonly id: string;
  readonly emoji: Emoji;
  svg(): string;
}

/** Concepts that the pretraining may name, in Unicode order. */
export function pretrainingConcepts(): Emoji[] {
  return emojiCatalogue().filter((emoji) => pretrainGroups.includes(emoji.group));
}

/** Drawings of the pretraining's concepts in the styles that it may see. */
export function pretrainingDrawings(modulesFolder: string): Drawing[] {
  return stylesOf('pretrain')
    .flatMap((style) => readDrawings(style, modulesFolder))
    .filter((drawing) => pretrainGroups.includes(drawing.emoji.group));
}

/** Plain icon sets under permissive licences, for the pretraining alone; none is related to a held-out style. */
export const pretrainingIconSets: readonly string[] = [
  ...['bi', 'bx', 'carbon', 'fa6-solid', 'flat-color-icons', 'fluent', 'fluent-color', 'fluent-mdl2', 'game-icons'],
  ...['healthicons', 'hugeicons', 'icon-park', 'icon-park-outline', 'icon-park-solid', 'iconoir', 'ion', 'lucide'],
  ...['lucide-lab', 'maki', 'material-symbols', 'mdi', 'meteocons', 'mingcute', 'ph', 'ri', 'solar', 'tabler'],
  ...['tdesign', 'temaki', 'uil'],
];

/** Words that say how an icon is drawn, not what it shows. */
const manner =
  /-(outline|outlined|outlin|fill|filled|regular|bold|light|thin|duotone|linear|broken|line|sharp|rounded|round|solid|stroke|variant|alt|twotone|color|empty|simple|\d+)(?=-|$)/g;
/** Icons whose name means something else than the emoji of that name, such as brands or the computer's mouse. */
const misleading = new Set([
  'mouse',
  'apple',
  'seal',
  'windows',
  'orange',
  'crane',
  'mask',
  'soap',
  'minibus',
  'label',
]);
/** Drawings of one concept taken from one icon set. */
const drawingsPerSet = 3;

/** Icons whose name is the name of one of the pretraining's concepts, at most three drawings of each in a set. */
export function pretrainingIcons(modulesFolder: string): PretrainingImage[] {
  const concepts = new Map(pretrainingConcepts().map((emoji) => [emoji.code, emoji]));
  return pretrainingIconSets.flatMap((setName) => {
    const set = readIconSet(`@iconify-json/${setName}`, modulesFolder);
    const taken = new Map<Emoji, Set<string>>();
    return set.names.flatMap((name) => {
      const emoji = concepts.get(conceptOf(name) ?? '');
      if (emoji === undefined) return [];
      const bodies = taken.get(emoji) ?? new Set();
      taken.set(emoji, bodies);
      const svg = set.svg(name);
      if (bodies.size === drawingsPerSet || bodies.has(svg)) return [];
      bodies.add(svg);
      return [{ id: `${setName}/${name}`, emoji, svg: () => svg }];
    });
  });
}

function conceptOf(iconName: string): string | undefined {
  const name = iconName.replace(manner, '');
  if (misleading.has(squeezedName(name))) return undefined;
  return emojiCodeOf(name) ?? emojiCodeOf(name.replace(/s$/, '')) ?? emojiCodeOf(`${name}s`);
}
