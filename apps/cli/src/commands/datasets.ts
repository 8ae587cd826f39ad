import type { Command } from 'commander';
import { wholeNumber } from '../terminal/one-of.js';

interface Flags {
  readonly data?: string;
  readonly images?: boolean;
  readonly json?: boolean;
  readonly level?: number;
}

/** `promptweave datasets`: what there is, where it is to be had, and whether it is whole. */
export function register(program: Command): void {
  const datasets = program
    .command('datasets')
    .summary('list data sets, check them, and show what they hold')
    .description("The papers' data sets in the folders that the field uses, the embedded ones, and your own.");

  datasets
    .command('list')
    .summary('what there is, with published counts')
    .option('--data <folder>', "the folder of the papers' data sets: says which are there")
    .option('--json', 'print as JSON')
    .action(async ({ data, json }: Flags) => {
      const { listDatasets } = await import('../datasets/list-datasets.js');
      console.log(await listDatasets(data, json));
    });

  datasets
    .command('check')
    .summary('compare data sets with the published counts and name missing and unreadable images')
    .description(
      "Looks at the papers' data sets in a folder, or at images of your own: a folder, a table or a split file. Without\n" +
        'names, absent ones are reported but not counted as a fault. The exit code is 1 if a set is broken, differs from the published counts, or is named and absent.',
    )
    .argument('<folder>', "the folder of the papers' data sets, or a folder, table or split file of your own")
    .argument('[names...]', 'only these data sets')
    .option('--images', 'decode every image, which takes a while; without it, missing and empty files are found')
    .option('--level <n>', 'level of your class folders, as dataset.level: 2 for c/cat/', wholeNumber)
    .option('--json', 'print as JSON, with every missing and unreadable image')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave datasets check ~/data\n  $ promptweave datasets check ~/data dtd eurosat --images\n' +
        '  $ promptweave datasets check photos.csv --images',
    )
    .action(async (folder: string, names: string[], { images, json, level }: Flags) => {
      const { checkDatasets } = await import('../datasets/check-datasets.js');
      const how = { decode: images === true, json: json === true, level };
      const { text, isWhole } = await checkDatasets(folder, names, how);
      console.log(text);
      if (!isWhole) process.exitCode = 1;
    });

  datasets
    .command('show')
    .summary('classes, template, layout and origin of one data set')
    .argument('<name>', 'a name of the list, or the path of a folder, table or split file of your own')
    .option('--data <folder>', "the folder of the papers' data sets: shows what is there of it")
    .option('--json', 'print as JSON')
    .action(async (name: string, { data, json }: Flags) => {
      const { showDataset } = await import('../datasets/show-dataset.js');
      console.log(await showDataset(name, data, json));
    });
}
