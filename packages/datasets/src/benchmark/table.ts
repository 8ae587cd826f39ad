/** How a data set lies on disk. */
export type Layout =
  | { readonly kind: 'split'; readonly split: string; readonly images: string }
  | { readonly kind: 'imagenet' }
  | { readonly kind: 'aircraft' }
  | { readonly kind: 'numbered-folders' | 'sorted-folders'; readonly images: string }
  | { readonly kind: 'cifar' };

/** One data set of the papers. */
export interface BenchmarkEntry {
  /** Name in a configuration. */
  readonly name: string;
  /** Name in the papers. */
  readonly title: string;
  /** Folder below the root of all data sets. */
  readonly folder: string;
  readonly layout: Layout;
  readonly template: string;
  readonly classes: number;
  /** Published numbers of images; no number where there is no such split. */
  readonly images: { readonly train?: number; readonly val?: number; readonly test: number };
  /** Where the images come from, for people who lack them. */
  readonly origin: string;
}

const PLAIN = 'a photo of a {}.';
const split = (name: string, images: string): Layout => ({ kind: 'split', split: `split_zhou_${name}.json`, images });

/** The data sets that the papers evaluate on, in the folder layout that CoOp introduced. */
export const BENCHMARK: readonly BenchmarkEntry[] = [
  {
    name: 'imagenet',
    title: 'ImageNet',
    folder: 'imagenet',
    layout: { kind: 'imagenet' },
    template: PLAIN,
    classes: 1000,
    images: { train: 1_281_167, test: 50_000 },
    origin: 'image-net.org (ILSVRC 2012, on request), classnames.txt from the CoOp repository',
  },
  {
    name: 'caltech101',
    title: 'Caltech101',
    folder: 'caltech-101',
    layout: split('Caltech101', '101_ObjectCategories'),
    template: PLAIN,
    classes: 100,
    images: { train: 4128, val: 1649, test: 2465 },
    origin: 'data.caltech.edu (Caltech 101), split file from the CoOp repository',
  },
  {
    name: 'oxford_pets',
    title: 'OxfordPets',
    folder: 'oxford_pets',
    layout: split('OxfordPets', 'images'),
    template: 'a photo of a {}, a type of pet.',
    classes: 37,
    images: { train: 2944, val: 736, test: 3669 },
    origin: 'robots.ox.ac.uk/~vgg/data/pets, split file from the CoOp repository',
  },
  {
    name: 'stanford_cars',
    title: 'StanfordCars',
    folder: 'stanford_cars',
    layout: split('StanfordCars', '.'),
    template: PLAIN,
    classes: 196,
    images: { train: 6509, val: 1635, test: 8041 },
    origin: 'the Stanford Cars archive (cars_train, cars_test), split file from the CoOp repository',
  },
  {
    name: 'oxford_flowers',
    title: 'Flowers102',
    folder: 'oxford_flowers',
    layout: split('OxfordFlowers', 'jpg'),
    template: 'a photo of a {}, a type of flower.',
    classes: 102,
    images: { train: 4093, val: 1633, test: 2463 },
    origin: 'robots.ox.ac.uk/~vgg/data/flowers/102, split file from the CoOp repository',
  },
  {
    name: 'food101',
    title: 'Food101',
    folder: 'food-101',
    layout: split('Food101', 'images'),
    template: 'a photo of {}, a type of food.',
    classes: 101,
    images: { train: 50_500, val: 20_200, test: 30_300 },
    origin: 'vision.ee.ethz.ch (Food-101), split file from the CoOp repository',
  },
  {
    name: 'fgvc_aircraft',
    title: 'FGVCAircraft',
    folder: 'fgvc_aircraft',
    layout: { kind: 'aircraft' },
    template: 'a photo of a {}, a type of aircraft.',
    classes: 100,
    images: { train: 3334, val: 3333, test: 3333 },
    origin: 'robots.ox.ac.uk/~vgg/data/fgvc-aircraft (release 2013b, the contents of its data folder)',
  },
  {
    name: 'sun397',
    title: 'SUN397',
    folder: 'sun397',
    layout: split('SUN397', 'SUN397'),
    template: PLAIN,
    classes: 397,
    images: { train: 15_880, val: 3970, test: 19_850 },
    origin: 'vision.princeton.edu/projects/2010/SUN, split file from the CoOp repository',
  },
  {
    name: 'dtd',
    title: 'DTD',
    folder: 'dtd',
    layout: split('DescribableTextures', 'images'),
    template: 'a photo of a {}, a type of texture.',
    classes: 47,
    images: { train: 2820, val: 1128, test: 1692 },
    origin: 'robots.ox.ac.uk/~vgg/data/dtd, split file from the CoOp repository',
  },
  {
    name: 'eurosat',
    title: 'EuroSAT',
    folder: 'eurosat',
    layout: split('EuroSAT', '2750'),
    template: 'a centered satellite photo of {}.',
    classes: 10,
    images: { train: 13_500, val: 5400, test: 8100 },
    origin: 'the EuroSAT RGB archive, split file from the CoOp repository',
  },
  {
    name: 'ucf101',
    title: 'UCF101',
    folder: 'ucf101',
    layout: split('UCF101', 'UCF-101-midframes'),
    template: 'a photo of a person doing {}.',
    classes: 101,
    images: { train: 7639, val: 1898, test: 3783 },
    origin: 'the middle frames of UCF101 as the CoOp repository offers them, with the split file',
  },
  {
    name: 'imagenetv2',
    title: 'ImageNetV2',
    folder: 'imagenetv2',
    layout: { kind: 'numbered-folders', images: 'imagenetv2-matched-frequency-format-val' },
    template: PLAIN,
    classes: 1000,
    images: { test: 10_000 },
    origin: 'the ImageNetV2 repository (matched frequency), classnames.txt of ImageNet',
  },
  {
    name: 'imagenet_sketch',
    title: 'ImageNet-Sketch',
    folder: 'imagenet-sketch',
    layout: { kind: 'sorted-folders', images: 'images' },
    template: PLAIN,
    classes: 1000,
    images: { test: 50_889 },
    origin: 'the ImageNet-Sketch repository, classnames.txt of ImageNet',
  },
  {
    name: 'imagenet_a',
    title: 'ImageNet-A',
    folder: 'imagenet-adversarial',
    layout: { kind: 'sorted-folders', images: 'imagenet-a' },
    template: PLAIN,
    classes: 200,
    images: { test: 7500 },
    origin: 'the natural-adv-examples repository, classnames.txt of ImageNet',
  },
  {
    name: 'imagenet_r',
    title: 'ImageNet-R',
    folder: 'imagenet-rendition',
    layout: { kind: 'sorted-folders', images: 'imagenet-r' },
    template: PLAIN,
    classes: 200,
    images: { test: 30_000 },
    origin: 'the imagenet-r repository, classnames.txt of ImageNet',
  },
  {
    name: 'cifar100',
    title: 'CIFAR-100',
    folder: 'cifar-100',
    layout: { kind: 'cifar' },
    template: PLAIN,
    classes: 100,
    images: { train: 50_000, test: 10_000 },
    origin: 'cs.toronto.edu/~kriz/cifar.html, the python or the binary version',
  },
];
