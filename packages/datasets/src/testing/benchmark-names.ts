/** A few classes of a data set as its own files name them. */
export interface NamedClass {
  /** As the split file or list of classes gives it. */
  readonly name: string;
  /** Path of the image `number` (from 0, counted through all splits) in the images' folder. */
  path(number: number, split: 'train' | 'val' | 'test'): string;
}

const digits = (number: number, length: number): string => String(number).padStart(length, '0');
const named = (name: string, path: NamedClass['path']): NamedClass => ({ name, path });

/** Letters as SUN397's file names have them: the same for the same number. */
function letters(number: number): string {
  return Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + ((number * 31 + i * i * 7 + i) % 26))).join('');
}

/** A folder of numbered files. */
const inFolder = (name: string, file: (number: number) => string, folder = name): NamedClass =>
  named(name, (number) => `${folder}/${file(number)}`);

const ucf = (folder: string): NamedClass => {
  const action = folder.replaceAll('_', '');
  return inFolder(folder, (number) => `v_${action}_g${digits((number % 25) + 1, 2)}_c${digits(number + 1, 2)}.jpg`);
};

/** Classes and file names of the data sets that have a split file, in the order of their labels. */
export const splitClasses: Readonly<Record<string, readonly NamedClass[]>> = {
  caltech101: ['accordion', 'airplane', 'brain', 'crab', 'wild_cat'].map((name) =>
    inFolder(name, (number) => `image_${digits(number + 1, 4)}.jpg`, name === 'airplane' ? 'airplanes' : name),
  ),
  oxford_pets: ['Abyssinian', 'american_bulldog', 'Bengal', 'yorkshire_terrier'].map((breed) =>
    named(breed.toLowerCase(), (number) => `${breed}_${number + 1}.jpg`),
  ),
  stanford_cars: ['2000 AM General Hummer SUV', '2012 Acura RL Sedan', '1991 Audi 100 Sedan', '2012 smart fortwo'].map(
    (name, c) =>
      named(name, (number, split) =>
        split === 'test'
          ? `cars_test/${digits(100 * c + number, 5)}.jpg`
          : `cars_train/${digits(100 * c + number, 5)}.jpg`,
      ),
  ),
  oxford_flowers: ['pink primrose', 'hard-leaved pocket orchid', 'colt’s foot', 'king protea', "bird's foot"].map(
    (name, c) => named(name, (number) => `image_${digits(1000 * c + number + 1, 5)}.jpg`),
  ),
  food101: ['apple_pie', 'baby_back_ribs', 'pho', 'tiramisu'].map((name, c) =>
    inFolder(name, (number) => `${1_000_000 + 5000 * c + 13 * number}.jpg`),
  ),
  sun397: [
    inFolder('abbey', (number) => `sun_${letters(number)}.jpg`, 'a/abbey'),
    inFolder(
      'outdoor apartment building',
      (number) => `sun_${letters(500 + number)}.jpg`,
      'a/apartment_building/outdoor',
    ),
    inFolder('barn', (number) => `sun_${letters(700 + number)}.jpg`, 'b/barn'),
    inFolder('zen garden', (number) => `sun_${letters(900 + number)}.jpg`, 'z/zen_garden'),
  ],
  dtd: ['banded', 'blotchy', 'woven', 'zigzagged'].map((name) =>
    inFolder(name, (number) => `${name}_${digits(number + 1, 4)}.jpg`),
  ),
  eurosat: [
    ['Annual Crop Land', 'AnnualCrop'],
    ['Forest', 'Forest'],
    ['Pasture Land', 'Pasture'],
    ['Sea or Lake', 'SeaLake'],
  ].map(([name = '', folder = '']) => inFolder(name, (number) => `${folder}_${number + 1}.jpg`, folder)),
  ucf101: ['Apply_Eye_Makeup', 'Apply_Lipstick', 'Archery', 'Yo_Yo'].map(ucf),
};

/** Variants in the order of `variants.txt`; some hold a slash or spaces. */
export const aircraftVariants: readonly string[] = ['707-320', '747-100', 'A300B4', 'Cessna 172', 'F-16A/B', 'F/A-18'];

/** WordNet folders and class names of `classnames.txt`. */
export const imagenetClasses: readonly (readonly [folder: string, name: string])[] = [
  ['n01440764', 'tench'],
  ['n01443537', 'goldfish'],
  ['n01484850', 'great white shark'],
  ['n01491361', 'tiger shark'],
  ['n01498041', 'stingray'],
  ['n01531178', 'goldfinch'],
];

/** The classes that the variants with fewer of them have. */
export const imagenetSubsets: Readonly<Record<string, readonly string[]>> = {
  imagenet_a: ['n01498041', 'n01531178'],
  imagenet_r: ['n01443537', 'n01484850', 'n01531178'],
};

/** File names of ImageNet and its variants. */
export const imagenetFiles: Readonly<Record<string, (folder: string, number: number) => string>> = {
  imagenet: (folder, number) => `${folder}_${10_026 + 14 * number}.JPEG`,
  imagenetv2: (_, number) => `${digits(number, 4)}af3f1b55de791c4144e2fb6d7dfe96dfc2.jpeg`,
  imagenet_sketch: (_, number) => `sketch_${number}.JPEG`,
  imagenet_a: (_, number) => `0.${digits(number, 6)}_digital clock _ digital clock_0.8656${number}.jpg`,
  imagenet_r: (_, number) => `${['art', 'cartoon', 'origami'][number % 3]}_${number}.jpg`,
};

export const cifarClasses: readonly string[] = ['apple', 'aquarium_fish', 'baby', 'worm'];
