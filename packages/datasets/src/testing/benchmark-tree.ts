import { BENCHMARK, type BenchmarkEntry } from '../benchmark/table.js';
import {
  aircraftVariants,
  cifarClasses,
  imagenetClasses,
  imagenetFiles,
  imagenetSubsets,
  splitClasses,
} from './benchmark-names.js';
import { classPicture, greyOfLabel } from './class-picture.js';

/** Files by their paths below a root. */
export type Files = Record<string, string | Buffer>;

/** Images of a class in each split; the first class has a single one to train on. */
export const TREE_IMAGES = { train: 5, val: 2, test: 3 } as const;

type Split = keyof typeof TREE_IMAGES;
const SPLITS = ['train', 'val', 'test'] as const;
/** Pixels of one image of CIFAR. */
const CIFAR_PIXELS = 32 * 32;

/** Numbers of the images of a class in a split, counted through all of them. */
function numbers(split: Split, label: number): number[] {
  const first = { train: 0, val: TREE_IMAGES.train, test: TREE_IMAGES.train + TREE_IMAGES.val }[split];
  const count = split === 'train' && label === 0 ? 1 : TREE_IMAGES[split];
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Labels and numbers as a shuffled split file gives them: not class by class. */
function mixed(split: Split, classes: number): { label: number; number: number }[] {
  const rows = Array.from({ length: classes }, (_, label) =>
    numbers(split, label).map((number) => ({ label, number })),
  );
  return Array.from({ length: TREE_IMAGES[split] }, (_, i) => rows.flatMap((own) => own[i] ?? [])).flat();
}

/**
 * A root folder with every data set of the papers in its own layout: real names of files and classes, real split files, a few classes with a
 * few tiny images. The grey of an image tells its label in its data set (`labelOfPicture`), so that a wrong label is seen.
 */
export async function benchmarkTree(entries: readonly BenchmarkEntry[] = BENCHMARK): Promise<Files> {
  const files: Files = {};
  for (const entry of entries) {
    const own = await datasetFiles(entry);
    for (const [path, content] of Object.entries(own)) files[`${entry.folder}/${path}`] = content;
  }
  return files;
}

function datasetFiles(entry: BenchmarkEntry): Promise<Files> {
  switch (entry.layout.kind) {
    case 'split':
      return splitFiles(entry.name, entry.layout.split, entry.layout.images);
    case 'aircraft':
      return aircraftFiles();
    case 'imagenet':
      return imagenetTree();
    case 'numbered-folders':
    case 'sorted-folders':
      return variantFiles(entry.name, entry.layout.images, entry.layout.kind === 'numbered-folders');
    case 'cifar':
      return Promise.resolve(cifarFiles());
  }
}

async function splitFiles(name: string, split: string, images: string): Promise<Files> {
  const classes = splitClasses[name]!;
  const prefix = images === '.' ? '' : `${images}/`;
  const files: Files = {};
  const rows = Object.fromEntries(
    SPLITS.map((part) => [
      part,
      mixed(part, classes.length).map(({ label, number }) => {
        const { path, name: className } = classes[label]!;
        return [path(number, part), label, className] as const;
      }),
    ]),
  );
  for (const [path, label] of Object.values(rows).flat()) files[prefix + path] = await classPicture(label);
  return { ...files, [split]: JSON.stringify(rows) };
}

async function aircraftFiles(): Promise<Files> {
  const files: Files = { 'variants.txt': `${aircraftVariants.join('\n')}\n` };
  for (const split of SPLITS) {
    const rows = mixed(split, aircraftVariants.length).map(({ label, number }) => {
      return { id: String(1_025_794 + 100 * label + number), label };
    });
    files[`images_variant_${split}.txt`] = rows.map(({ id, label }) => `${id} ${aircraftVariants[label]}\n`).join('');
    for (const { id, label } of rows) files[`images/${id}.jpg`] = await classPicture(label);
  }
  return files;
}

const classnames = imagenetClasses.map(([folder, name]) => `${folder} ${name}\n`).join('');

async function imagenetTree(): Promise<Files> {
  const files: Files = { 'classnames.txt': classnames };
  for (const [label, [folder]] of imagenetClasses.entries()) {
    const picture = await classPicture(label);
    for (const number of numbers('train', label)) {
      files[`images/train/${folder}/${imagenetFiles['imagenet']!(folder, number)}`] = picture;
    }
    for (const number of numbers('test', label)) {
      const image = String(50 * number + label).padStart(8, '0');
      files[`images/val/${folder}/ILSVRC2012_val_${image}.JPEG`] = picture;
    }
  }
  return files;
}

async function variantFiles(name: string, images: string, isNumbered: boolean): Promise<Files> {
  const files: Files = { 'classnames.txt': classnames };
  const subset = imagenetSubsets[name];
  if (subset) files[`${images}/README.txt`] = 'As it comes in the archive.\n';
  const classes = imagenetClasses.filter(([folder]) => !subset || subset.includes(folder));
  for (const [label, [folder]] of classes.entries()) {
    for (const number of numbers('test', label)) {
      const file = imagenetFiles[name]!(folder, number);
      files[`${images}/${isNumbered ? label : folder}/${file}`] = await classPicture(label);
    }
  }
  return files;
}

/** The binary version: coarse label, fine label, planes of red, green and blue. */
function cifarFiles(): Files {
  const records = (split: Split): Buffer =>
    Buffer.concat(
      mixed(split, cifarClasses.length).map(({ label }) =>
        Buffer.concat([Buffer.from([0, label]), Buffer.alloc(3 * CIFAR_PIXELS, greyOfLabel(label))]),
      ),
    );
  return {
    'cifar-100-binary/fine_label_names.txt': `${cifarClasses.join('\n')}\n`,
    'cifar-100-binary/train.bin': records('train'),
    'cifar-100-binary/test.bin': records('test'),
  };
}
