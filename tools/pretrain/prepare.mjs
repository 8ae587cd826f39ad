// Renders every picture that the pretraining may see, and those that it is evaluated on, into flat arrays.
// Usage: node prepare.mjs MODULES_FOLDER OUTPUT_FOLDER
import { mkdirSync, openSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { heldOutGroup, stylesOf } from '../../packages/datasets/dist/emoji/split.js';
import { emojiCatalogue } from '../../packages/datasets/dist/emoji/catalogue.js';
import { readDrawings } from '../../packages/datasets/dist/emoji/drawings.js';
import { readIconSet } from '../../packages/datasets/dist/emoji/icon-set.js';
import { renderSvg } from '../../packages/datasets/dist/emoji/render.js';
import * as pretraining from '../../packages/datasets/dist/emoji/pretraining.js';

const [modules, output] = process.argv.slice(2);
const concepts = pretraining.pretrainingConcepts();
const unseen = emojiCatalogue().filter((emoji) => emoji.group === heldOutGroup);
const labels = [...concepts, ...unseen];
const indexOf = new Map(labels.map((emoji, index) => [emoji.code, index]));
/** Drawings on which the renderer ends the process instead of reporting an error. */
const undrawable = new Set([
  'noto/package',
  'noto-v1/ambulance',
  'noto-v1/bullet-train',
  'noto-v1/cocktail-glass',
  'noto-v1/hot-beverage',
  'noto-v1/lady-beetle',
]);
mkdirSync(output, { recursive: true });

/** Writes RGBA bytes (colour over white, then the drawing's own alpha) [N, size, size, 4] and a list of the items. */
function write(name, images, size) {
  const file = openSync(join(output, `${name}.bin`), 'w');
  const items = [];
  for (const image of images) {
    if (undrawable.has(image.id)) continue;
    const svg = image.svg();
    const pixels = renderSvg(svg, size).pixels;
    const drawn = renderSvg(svg, size, 'transparent').pixels;
    for (let i = 3; i < pixels.length; i += 4) pixels[i] = drawn[i];
    if (!drawn.some((value, i) => i % 4 === 3 && value > 64)) continue;
    writeSync(file, pixels);
    items.push({ id: image.id, label: indexOf.get(image.emoji.code) });
  }
  closeSync(file);
  writeFileSync(join(output, `${name}.json`), JSON.stringify({ size, items }));
  console.log(`${name}: ${items.length} images`);
  return items;
}

const heldOutNames = new Set(unseen.map((emoji) => emoji.label));
writeFileSync(
  join(output, 'labels.json'),
  JSON.stringify(
    labels.map((emoji) => ({
      ...emoji,
      seen: emoji.group !== heldOutGroup,
      tags: emoji.tags.filter((tag) => !heldOutNames.has(tag)),
    })),
  ),
);
const evaluated = (role) =>
  stylesOf(role)
    .flatMap((style) => readDrawings(style))
    .filter((drawing) => indexOf.has(drawing.emoji.code));
write('validation', evaluated('validation'), 96);
write('downstream', evaluated('downstream'), 96);
const writtenTrain = write(
  'train',
  [...pretraining.pretrainingDrawings(modules), ...pretraining.pretrainingIcons(modules)],
  64,
);

// What the tokenizer learns its merges from: labels and key words that may be seen, and the names of plain icons.
const names = pretraining.pretrainingIconSets.flatMap((set) => readIconSet(`@iconify-json/${set}`, modules).names);
const words = names
  .map((name) => name.replaceAll('-', ' '))
  .filter((name) => ![...heldOutNames].some((held) => name.includes(held)));
const captions = concepts.flatMap((emoji) => [
  emoji.label,
  emoji.label,
  ...emoji.tags.filter((tag) => !heldOutNames.has(tag)),
]);
writeFileSync(join(output, 'captions.txt'), [...captions, ...words].join('\n'));

// Kept in the repository, so that a test can prove that no picture of the data sets is among them.
const list = writtenTrain.map((item) => item.id).sort();
writeFileSync(new URL('training-images.txt', import.meta.url), `${list.join('\n')}\n`);
