import type { BenchmarkEntry } from './table.js';

/** The files of a data set as they are looked for, relative to the root: a line each. */
export function describeLayout({ folder, layout, images }: BenchmarkEntry): string[] {
  const classnames = `${folder}/classnames.txt    "n01440764 tench" a line`;
  switch (layout.kind) {
    case 'split':
      return [`${folder}/${layout.split}`, layout.images === '.' ? `${folder}/…` : `${folder}/${layout.images}/…`];
    case 'imagenet':
      return [classnames, `${folder}/images/train/n*/*.JPEG`, `${folder}/images/val/n*/*.JPEG`];
    case 'aircraft':
      return [
        `${folder}/variants.txt`,
        `${folder}/images_variant_train.txt, …_val.txt, …_test.txt`,
        `${folder}/images/*.jpg`,
      ];
    case 'numbered-folders':
      return [classnames, `${folder}/${layout.images}/0/, 1/, …    ${images.test} images`];
    case 'sorted-folders':
      return [classnames, `${folder}/${layout.images}/n*/`];
    case 'cifar':
      return [
        `${folder}/cifar-100-python/train, test, meta`,
        `or ${folder}/cifar-100-binary/train.bin, test.bin, fine_label_names.txt`,
      ];
  }
}
