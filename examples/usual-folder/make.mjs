// Makes a small data folder of the form that CoOp's code and most papers after it use, for the tutorials: node examples/usual-folder/make.mjs FOLDER
// The names of folders and files are those of OxfordPets and OxfordFlowers; the pictures are emoji drawings of npm packages (licences:
// LICENSES-data.md), no photographs of pets and flowers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { emojiStyles, readDrawings, renderSvg } from '@promptweave/datasets';

const sharp = createRequire(import.meta.resolve('@promptweave/datasets'))('sharp');
const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('Usage: node make.mjs FOLDER');

const SIZE = 96;
/** Drawings of one artist are in one split alone. */
const artists = {
  train: ['emojione', 'emojione-v1', 'fxemoji'],
  val: ['emojione-monotone'],
  test: ['openmoji', 'streamline-emojis'],
};
const datasets = [
  {
    folder: 'oxford_pets',
    split: 'split_zhou_OxfordPets.json',
    file: (name, number) => `${name.replaceAll(' ', '_')}_${number}.jpg`,
    images: 'images',
    classes:
      'bear, camel, cat, chicken, cow, dog, dolphin, elephant, frog, goat, horse, mouse, ox, pig, poodle, snake, tiger, turtle',
  },
  {
    folder: 'oxford_flowers',
    split: 'split_zhou_OxfordFlowers.json',
    file: (name, number, label) => `image_${String(100 * label + number).padStart(5, '0')}.jpg`,
    images: 'jpg',
    classes:
      'blossom, bouquet, cactus, cherry blossom, four leaf clover, herb, hibiscus, maple leaf, mushroom, palm tree, rose, seedling, sunflower, tulip',
  },
];

const drawings = new Map();
for (const style of Object.values(artists).flat()) {
  const found = readDrawings(emojiStyles.find(({ name }) => name === style));
  drawings.set(style, new Map(found.map((drawing) => [drawing.emoji.label, drawing])));
}

/** Writes a drawing as it is and mirrored. */
async function write(folder, names, drawing) {
  const { pixels } = renderSvg(drawing.svg(), SIZE, '#ffffff');
  const image = sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 4 } }).flatten({ background: '#ffffff' });
  await image.clone().jpeg().toFile(join(folder, names[0]));
  await image.clone().flop().jpeg().toFile(join(folder, names[1]));
}

for (const { folder, split, images, file, classes } of datasets) {
  const place = join(root, folder, images);
  mkdirSync(place, { recursive: true });
  const rows = { train: [], val: [], test: [] };
  for (const [label, name] of classes.split(', ').entries()) {
    let number = 0;
    for (const [part, styles] of Object.entries(artists)) {
      for (const style of styles) {
        const drawing = drawings.get(style).get(name);
        if (!drawing) continue;
        const names = [file(name, ++number, label), file(name, ++number, label)];
        await write(place, names, drawing);
        rows[part].push(...names.map((path) => [path, label, name]));
      }
    }
  }
  writeFileSync(join(root, folder, split), JSON.stringify(rows));
  const counts = Object.entries(rows).map(([part, { length }]) => `${length} ${part}`);
  console.log(`${join(root, folder)}: ${classes.split(', ').length} classes, ${counts.join(', ')}`);
}
