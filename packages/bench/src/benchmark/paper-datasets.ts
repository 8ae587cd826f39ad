/** The 11 data sets of the papers, in the order of their tables. */
export const paperDatasets: readonly string[] = [
  'imagenet',
  'caltech101',
  'oxford_pets',
  'stanford_cars',
  'oxford_flowers',
  'food101',
  'fgvc_aircraft',
  'sun397',
  'dtd',
  'eurosat',
  'ucf101',
];

/** What those that train on one source alone train on. */
export const paperSource = 'imagenet';
