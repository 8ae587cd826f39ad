import { definePlugin, type Dataset, type Plugin } from '@promptweave/core';
import { z } from 'zod';
import { emojiArtists } from './emoji-artists.js';
import { emojiGroups } from './emoji-groups.js';
import { singleEmoji, type SingleEmojiTopic, singleEmojiTopics } from './single-emoji.js';

const options = z.strictObject({
  size: z.int().min(16).max(1024).default(96).describe('Side of the drawn images in pixels.'),
});

const made = new Map<string, Dataset>();

/** Makes a data set once a process: drawings do not change, and the images that one experiment decoded are there for the next one. */
function once(name: string, size: number, make: (size: number) => Dataset): Dataset {
  const key = `${name} ${size}`;
  const dataset = made.get(key) ?? make(size);
  made.set(key, dataset);
  return dataset;
}

/** The emoji data sets: `emoji-groups`, `emoji-artists`, and `emoji-animals` and its like. They need no download. */
export const emojiPlugins: readonly Plugin[] = [
  definePlugin({
    kind: 'dataset',
    name: 'emoji-groups',
    description: 'Emoji by Unicode subgroup (animal bird, food fruit, …); train and test hold different emoji.',
    options,
    create: async (_context, { size }) => once('emoji-groups', size, emojiGroups),
  }),
  definePlugin({
    kind: 'dataset',
    name: 'emoji-artists',
    description: 'Who drew this emoji? The names of the classes tell a CLIP nothing.',
    options,
    create: async (_context, { size }) => once('emoji-artists', size, emojiArtists),
  }),
  ...(Object.keys(singleEmojiTopics) as SingleEmojiTopic[]).map((topic) =>
    definePlugin({
      kind: 'dataset',
      name: `emoji-${topic}`,
      description: `Single emoji as classes (${topic}); train and test are drawn by different artists.`,
      options,
      create: async (_context, { size }) => once(topic, size, () => singleEmoji(topic, size)),
    }),
  ),
];
