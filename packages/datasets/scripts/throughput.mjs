// Images a second from 500 × 375 JPEG files to batches of 32 at 224 pixels, with and without threads: the table of README.md. Nothing else should
// run meanwhile. Needs a build. Usage: node packages/datasets/scripts/throughput.mjs [images, default 640]
import { createDataPipeline, createPythonRandom } from '@promptweave/datasets';
import sharp from 'sharp';

const count = Number(process.argv[2] ?? 640);
const SIZE = { width: 500, height: 375 };

/** Photo-like content: soft blobs with some grain, different in each file. */
async function photo(seed) {
  const random = createPythonRandom(seed);
  const coarse = Buffer.from(Array.from({ length: 12 * 9 * 3 }, () => random.below(256)));
  const soft = sharp(coarse, { raw: { width: 12, height: 9, channels: 3 } }).resize({ ...SIZE, kernel: 'cubic' });
  const grain = Buffer.from(Array.from({ length: SIZE.width * SIZE.height }, () => 118 + random.below(20)));
  const noise = await sharp(grain, { raw: { ...SIZE, channels: 1 } })
    .png()
    .toBuffer();
  return sharp(await soft.png().toBuffer())
    .composite([{ input: noise, blend: 'overlay' }])
    .jpeg({ quality: 90 })
    .toBuffer();
}

const files = await Promise.all(Array.from({ length: 16 }, (_, i) => photo(i)));
const items = Array.from({ length: count }, (_, i) => ({
  id: `${i}.jpg`,
  label: 0,
  load: () => Promise.resolve(files[i % files.length]),
}));
const mean = files.reduce((total, file) => total + file.length, 0) / files.length;
console.log(`${count} images of ${SIZE.width} × ${SIZE.height}, ${(mean / 1000).toFixed(0)} kB each; images a second:`);
const request = {
  ...{ items, batchSize: 32, policy: 'reference' },
  preprocessing: {
    ...{ resize: 'shortest', interpolation: 'bicubic', size: 224 },
    ...{ mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28] },
  },
  ...{ shuffle: false, dropLast: false, seed: 1, epoch: 0, onBadImage: 'fail' },
};
for (const [name, augment, approximate] of [
  ['evaluation', false, false],
  ['evaluation, approximate', false, true],
  ['training', true, false],
]) {
  const rates = [];
  for (const workers of [0, 2]) {
    const pipeline = createDataPipeline({ workers, approximate });
    await drain(pipeline.batches({ ...request, augment, items: items.slice(0, 64) })); // threads start
    const begun = performance.now();
    await drain(pipeline.batches({ ...request, augment }));
    rates.push(`workers: ${workers}  ${((1000 * count) / (performance.now() - begun)).toFixed(0).padStart(4)}`);
    await pipeline.close();
  }
  console.log(`${name.padEnd(25)}${rates.join('   ')}`);
}

async function drain(batches) {
  for await (const batch of batches) if (batch.items.length === 0) throw new Error('an empty batch');
}
