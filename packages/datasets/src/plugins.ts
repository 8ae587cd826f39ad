import { basename, dirname, extname, resolve } from 'node:path';
import { definePlugin, templateText, type Dataset, type Plugin } from '@promptweave/core';
import { z } from 'zod';
import { readBenchmark } from './benchmark/read-benchmark.js';
import { BENCHMARK } from './benchmark/table.js';
import { createDataset } from './create-dataset.js';
import { emojiPlugins } from './emoji/index.js';
import { checkClasses, checkTrained } from './custom/check-classes.js';
import { checkListedOnce, type ListedImage } from './custom/check-listed-once.js';
import { withFurtherClasses } from './custom/further-classes.js';
import { noteOnFrames } from './custom/note-on-frames.js';
import { readFolder } from './custom/read-folder.js';
import { readTable } from './custom/read-table.js';
import { readSplitJson } from './readers/read-split-json.js';
import type { Splits } from './readers/splits.js';

const template = templateText
  .default('a photo of a {}.')
  .describe('Hand-crafted prompt; {} stands for the class name.');
const path = z.string().min(1).describe('Where the data lies; relative to the configuration file.');
const splitSeed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .default(1)
  .describe('Seed of the 50 : 20 : 30 split of data without splits; runs of all seeds are tested on the same images.');

const names = z
  .record(z.string(), z.string().min(1))
  .optional()
  .describe('Words for folders whose names say nothing to CLIP: { FOLDER: words }, such as { cows_2024: cow }.');

const further = z
  .array(z.string().min(1))
  .optional()
  .describe('Further class folders that lie elsewhere: their classes come last. See promptweave extend.');

const level = z
  .int()
  .min(1)
  .max(8)
  .optional()
  .describe(
    'Level of the class folders below path (and train/, val/, test/): 2 for folders in folders, such as c/cat/. ' +
      'Default: 1, and folders that may be groups of classes are refused.',
  );

async function custom(name: string, splits: Splits, options: { template: string }): Promise<Dataset> {
  const frames = await noteOnFrames([...splits.train, ...splits.val, ...splits.test]);
  const notes = [...(splits.notes ?? []), ...(frames === undefined ? [] : [frames])];
  return createDataset({ name, imagePolicy: 'custom', template: options.template, ...splits, notes });
}

/** The rows of a split file. */
function listedImages({ classNames, ...splits }: Splits): ListedImage[] {
  return (['train', 'val', 'test'] as const).flatMap((split) =>
    splits[split].map(({ id, label }, i) => ({ path: id, label: classNames[label], split, row: `${split}[${i}]` })),
  );
}

/** A folder of class folders. */
const folder = definePlugin({
  kind: 'dataset',
  name: 'folder',
  description: 'Your own images: a folder of class folders, with or without train/, val/ and test/.',
  options: z.strictObject({ path, template, splitSeed, level, names, with: further }),
  create: async (context, options) => {
    const root = resolve(context.folder, options.path);
    const elsewhere = (options.with ?? []).map((folder) => resolve(context.folder, folder));
    const names = { ...options.names };
    const ofElsewhere = new Set(elsewhere.map((folder) => basename(folder)));
    const within = Object.fromEntries(Object.entries(names).filter(([folder]) => !ofElsewhere.has(folder)));
    const splits = await readFolder(root, { ...options, names: within });
    const all = await withFurtherClasses(splits, elsewhere, names, options.splitSeed);
    return custom(basename(root), all, options);
  },
});

/** A table in a file. */
const table = definePlugin({
  kind: 'dataset',
  name: 'table',
  description:
    'Your own images: a table (CSV, tabs, JSON Lines) with path and label, and, if wanted, split and domain.',
  options: z.strictObject({ path, template, splitSeed }),
  create: async (context, options) => {
    const file = resolve(context.folder, options.path);
    return custom(basename(file, extname(file)), await readTable(file, options.splitSeed), options);
  },
});

/** A split file of one's own. */
const splitFile = definePlugin({
  kind: 'dataset',
  name: 'split',
  description: 'Your own images: a split file in the form of split_zhou_*.json.',
  options: z.strictObject({
    path,
    images: z.string().optional().describe('Folder of the images, relative to the split file; its own if absent.'),
    template,
  }),
  create: async (context, options) => {
    const file = resolve(context.folder, options.path);
    const images = resolve(dirname(file), options.images ?? '.');
    const splits = await readSplitJson(file, images);
    checkClasses(splits.classNames, file);
    checkListedOnce(listedImages(splits), file);
    checkTrained(splits.classNames, splits.train, file);
    return custom(basename(file, extname(file)), splits, options);
  },
});

const root = z
  .string()
  .min(1)
  .describe("The folder that holds the data sets' folders; relative to the configuration file.");

/** The data sets of this package: the papers', three ways to bring one's own, and the emoji that need no files. */
export const plugins: readonly Plugin[] = [
  ...BENCHMARK.map((entry) =>
    definePlugin({
      kind: 'dataset',
      name: entry.name,
      description: `${entry.title}: ${entry.classes} classes, ${entry.images.test} test images.`,
      options: z.strictObject({ root }),
      create: (context, options) => readBenchmark(entry, resolve(context.folder, options.root)),
    }),
  ),
  folder,
  table,
  splitFile,
  ...emojiPlugins,
];
