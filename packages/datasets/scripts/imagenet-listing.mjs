// Time and memory of ImageNet's listing: 1,281,167 empty training files and 50,000 validation files in a temporary folder, read twice
// with an empty cache, each time by a process of its own that samples 16 images a class. Needs a build and 1.4 million free inodes.
// Usage: node packages/datasets/scripts/imagenet-listing.mjs
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TRAIN = 1_281_167;
const CLASSES = 1000;
const TEST = 50;
const [, , task, root] = process.argv;

if (task === 'read') read(root);
else measure();

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'imagenet-'));
  try {
    const seconds = timed(() => makeTree(join(folder, 'imagenet')));
    console.log(`${TRAIN + CLASSES * TEST} empty files made in ${seconds.toFixed(0)} s`);
    const environment = { ...process.env, PROMPTWEAVE_CACHE: join(folder, 'cache') };
    for (const time of ['first', 'second', 'third']) {
      const words = ['--expose-gc', fileURLToPath(import.meta.url), 'read', folder];
      console.log(
        `${time} time: ${execFileSync(process.execPath, words, { env: environment, encoding: 'utf8' }).trim()}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Folders and files named as ImageNet's, with 1281 or 1282 training images each. */
function makeTree(imagenet) {
  const names = [];
  for (let c = 0; c < CLASSES; c++) {
    const folder = `n${String(1440764 + 13 * c).padStart(8, '0')}`;
    names.push(`${folder} class ${c}`);
    const train = join(imagenet, 'images/train', folder);
    const test = join(imagenet, 'images/val', folder);
    mkdirSync(train, { recursive: true });
    mkdirSync(test, { recursive: true });
    const count = Math.floor((TRAIN * (c + 1)) / CLASSES) - Math.floor((TRAIN * c) / CLASSES);
    for (let i = 0; i < count; i++) closeSync(openSync(join(train, `${folder}_${10 * i + (i % 7)}.JPEG`), 'w'));
    for (let i = 0; i < TEST; i++) {
      closeSync(openSync(join(test, `ILSVRC2012_val_${String(c * TEST + i).padStart(8, '0')}.JPEG`), 'w'));
    }
  }
  writeFileSync(join(imagenet, 'classnames.txt'), names.join('\n'));
}

async function read(folder) {
  const { BENCHMARK, createDataPipeline, readBenchmark } = await import('@promptweave/datasets');
  const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const used = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const begun = performance.now();
  const entry = BENCHMARK.find(({ name }) => name === 'imagenet');
  const dataset = await readBenchmark(entry, folder);
  const listed = performance.now();
  const few = createDataPipeline().subset(dataset, { shots: 16, seed: 1, classes: 'all' });
  const sampled = performance.now();
  const seconds = (from, to) => `${((to - from) / 1000).toFixed(1)} s`;
  const peak = process.resourceUsage().maxRSS * 1024;
  const held = used() - before;
  console.log(
    `listing ${seconds(begun, listed)}, ${few.train.length} images sampled and ${few.test.length} listed for testing in ` +
      `${seconds(listed, sampled)}; held afterwards ${megabytes(held)}, peak resident memory ${megabytes(peak)}`,
  );
}

function timed(work) {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}
