import { isAbsolute } from 'node:path';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import { basicServices } from '../experiment/services.js';
import type { DatasetPlugin, PartialConfiguration } from '../plugin/define-plugin.js';
import { demand } from './conformance-error.js';
import { pluginChecks } from './plugin-checks.js';
import type { Checks, ParsedOptions } from './suite.js';

/** What the suite of a data set needs. */
export interface DatasetSuite {
  /** Option sets as a user would write them; each is checked on its own. Default: the plugin's defaults. */
  readonly options?: readonly PartialConfiguration[];
  /** Folder that relative paths of the options refer to. Default: the working directory. */
  readonly folder?: string;
}

/** A data set plugin with one set of options. */
export interface DatasetSubject {
  readonly plugin: DatasetPlugin;
  readonly suite: DatasetSuite;
  readonly options: ParsedOptions;
}

const splits = ['train', 'val', 'test'] as const;

/** What every data set must do. */
export const datasetChecks: Checks<DatasetSubject> = {
  ...pluginChecks,
  'has classes of different names, and a template with one place for them': async (subject) => {
    const { classNames, template, name, imagePolicy } = await make(subject);
    demand(name.trim() !== '', 'It has no name.');
    demand(classNames.length >= 2, `It has ${classNames.length} classes.`);
    demand(
      classNames.every((entry) => entry.trim() !== ''),
      'One of its classes has no name.',
    );
    if (imagePolicy === 'custom') {
      const twice = classNames.find((entry, c) => classNames.indexOf(entry) !== c);
      demand(twice === undefined, `Two of its classes are called "${twice}".`);
    }
    demand(template.split('{}').length === 2, `Its template "${template}" does not have exactly one {}.`);
  },
  'has images, each in one split, with a class that there is': async (subject) => {
    const dataset = await make(subject);
    const seen = new Map<string, string>();
    for (const split of splits) {
      for (const { id, label } of dataset[split]) {
        const classes = dataset.classNames.length;
        demand(
          Number.isInteger(label) && label >= 0 && label < classes,
          `The image ${id} has the label ${label} of ${classes} classes.`,
        );
        demand(!isAbsolute(id), `The id ${id} is a path of this machine; it must be the same on another one.`);
        const other = seen.get(id);
        demand(other === undefined, `The image ${id} is there twice: in ${other} and in ${split}.`);
        seen.set(id, split);
      }
    }
    demand(seen.size > 0, 'It has no images.');
  },
  'is the same when it is made again': async (subject) => {
    const [one, two] = [await make(subject), await make(subject)];
    demand(one.digest === two.digest, 'Its digest is another one when it is made again.');
    for (const split of splits) {
      const [a, b] = [one[split], two[split]].map((items) => items.map(({ id, label }) => `${id} ${label}`).join('\n'));
      demand(a === b, `Its ${split} images are others, or in another order, when it is made again.`);
    }
  },
  'loads its images': async (subject) => {
    const dataset = await make(subject);
    for (const split of splits) {
      const items = dataset[split];
      for (const item of [items[0], items[items.length >> 1], items.at(-1)]) if (item) await demandBytes(item);
    }
  },
};

function make({ plugin, suite, options }: DatasetSubject): Promise<Dataset> {
  return plugin.create({ folder: suite.folder ?? '.', seed: 1, services: basicServices(1) }, options);
}

async function demandBytes(item: ImageItem): Promise<void> {
  const [one, two] = [await item.load(), await item.load()];
  demand(Buffer.isBuffer(one) && one.length > 0, `The image ${item.id} loads no bytes.`);
  demand(one.equals(two), `The image ${item.id} loads other bytes the second time.`);
}
