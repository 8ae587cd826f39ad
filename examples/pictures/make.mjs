// Makes a folder of pictures as people have them, for the tutorials: node examples/pictures/make.mjs FOLDER [--tidy]
// They are emoji drawings of npm packages (licences: LICENSES-data.md). `--tidy` leaves out everything that is messy.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { emojiStyles, readDrawings, renderSvg } from '@promptweave/datasets';

const sharp = createRequire(import.meta.resolve('@promptweave/datasets'))('sharp');
const [folder, mode] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: node make.mjs FOLDER [--tidy]');
const tidy = mode === '--tidy';

/** What is on the pictures of each class, and what its folder is called by somebody in a hurry. */
const classes = [
  { name: 'cat', messy: 'IMG_cats (2)', emoji: ['cat', 'cat face', 'black cat'] },
  { name: 'dog', messy: 'dogs_NEW', emoji: ['dog', 'dog face', 'poodle', 'guide dog', 'service dog'] },
  { name: 'bird', messy: 'Bird', emoji: ['bird', 'duck', 'dove', 'parrot', 'goose'] },
  { name: 'fish', messy: 'fish', emoji: ['fish', 'tropical fish', 'blowfish', 'shark'] },
];
const later = { name: 'horse', messy: 'horses', emoji: ['horse', 'horse face', 'zebra'] };
const styles = ['openmoji', 'emojione', 'emojione-v1', 'emojione-monotone', 'fxemoji', 'streamline-emojis'];
const SIZE = 160;
const grounds = ['#ffffff', '#fdf3d8', '#e3eefc'];
const endings = tidy ? ['.png'] : ['.jpg', '.png', '.webp', '.JPG'];

const drawings = styles.flatMap((style) => readDrawings(emojiStyles.find(({ name }) => name === style)));

async function write(place, { emoji: wanted }) {
  mkdirSync(place, { recursive: true });
  const found = drawings.filter(({ emoji }) => wanted.includes(emoji.label));
  for (const [i, drawing] of found.entries()) {
    const name = tidy ? `${i}` : i % 5 === 0 ? `Photo ${i}, copy` : `IMG_${4000 + i}`;
    const background = grounds[i % grounds.length];
    const { pixels } = renderSvg(drawing.svg(), SIZE, background);
    const image = sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 4 } }).flatten({ background });
    await image.toFile(join(place, `${name}${endings[i % endings.length]}`));
  }
  return found.length;
}

const counts = [];
for (const one of classes)
  counts.push(`${await write(join(folder, tidy ? one.name : one.messy), one)} of a ${one.name}`);
const beside = `${folder}-later`;
counts.push(`${await write(join(beside, tidy ? later.name : later.messy), later)} of a ${later.name} (in ${beside})`);
if (!tidy) {
  writeFileSync(join(folder, 'dogs_NEW', 'broken.jpg'), 'This is no picture.');
  writeFileSync(join(folder, 'fish', 'notes.txt'), 'Ask Ada which of these are hers.');
}
console.log(`Pictures in ${folder}: ${counts.join(', ')}`);
