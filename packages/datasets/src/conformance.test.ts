import { describeDataset } from '@promptweave/core/testing';
import { plugins } from './plugins.js';
import { picture, useTrees } from './tree.test.helper.js';

const writeTree = useTrees();

const png = await picture(5);
const images = Object.fromEntries(
  ['fox', 'owl'].flatMap((name) => Array.from({ length: 6 }, (_, i) => [`photos/${name}/${i}.png`, png])),
);
const rows = Object.keys(images).map((path) => `${path},${path.split('/')[1]}`);
const folder = await writeTree({ ...images, 'list.csv': ['path,label', ...rows].join('\n') });

for (const plugin of plugins) {
  if (plugin.kind !== 'dataset') continue;
  if (plugin.name === 'folder') describeDataset(plugin, { folder, options: [{ path: 'photos' }] });
  if (plugin.name === 'table') describeDataset(plugin, { folder, options: [{ path: 'list.csv' }] });
  if (plugin.name.startsWith('emoji-animals')) describeDataset(plugin);
}
