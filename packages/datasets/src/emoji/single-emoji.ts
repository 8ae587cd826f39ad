import { type Dataset, DatasetError, type ImageItem } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';
import { drawingImage } from './drawing-image.js';
import { type Drawing, readDrawings } from './drawings.js';
import { emojiStyles, singleEmojiStyles } from './split.js';

/** Data sets whose classes are single emoji: the start of the Unicode subgroups (or the group) that each one holds. */
export const singleEmojiTopics = {
  animals: ['animal-'],
  plants: ['plant-'],
  food: ['food-', 'drink', 'dishware'],
  transport: ['transport-ground', 'transport-water', 'transport-air'],
  places: ['place-', 'hotel'],
  weather: ['sky-weather'],
  activities: ['event', 'award-medal', 'sport', 'game', 'arts-crafts'],
  objects: [
    ...['clothing', 'sound', 'music', 'phone', 'computer', 'light-video', 'book-paper', 'money', 'mail', 'writing'],
    ...['office', 'lock', 'tool', 'science', 'medical', 'household', 'other-object', 'time'],
  ],
} as const satisfies Record<string, readonly string[]>;

/** Name of such a data set, after `emoji-`. */
export type SingleEmojiTopic = keyof typeof singleEmojiTopics;

/**
 * Classes: single emoji ("dog face", "red apple", …) in Unicode order. Train, validation and test are drawn by different
 * artists, none of whom the embedded CLIP has seen. A class has one to three training images and one or two test images.
 *
 * @param size side of the images in pixels
 */
export function singleEmoji(topic: SingleEmojiTopic, size: number): Dataset {
  const parts = { train: drawings('train', topic), val: drawings('val', topic), test: drawings('test', topic) };
  const tested = new Set(parts.test.map((drawing) => drawing.emoji.code));
  const classes = [...new Set(parts.train.map((drawing) => drawing.emoji))]
    .filter((emoji) => tested.has(emoji.code))
    .sort((a, b) => a.order - b.order);
  const labelOf = new Map(classes.map((emoji, label) => [emoji.code, label]));
  const items = (part: keyof typeof parts): ImageItem[] =>
    parts[part].flatMap((drawing) => {
      const label = labelOf.get(drawing.emoji.code);
      return label === undefined ? [] : [drawingImage(drawing, label, size)];
    });
  return createDataset({
    name: `emoji-${topic}`,
    classNames: classes.map((emoji) => emoji.label),
    template: 'a photo of a {}.',
    imagePolicy: 'custom',
    train: items('train'),
    val: items('val'),
    test: items('test'),
  });
}

function drawings(part: keyof typeof singleEmojiStyles, topic: SingleEmojiTopic): Drawing[] {
  return singleEmojiStyles[part].flatMap((name) => {
    const style = emojiStyles.find((candidate) => candidate.name === name);
    if (style === undefined) throw new DatasetError(`The split names an unknown style "${name}".`, { where: name });
    return readDrawings(style).filter(({ emoji }) =>
      singleEmojiTopics[topic].some((start) => emoji.subgroup.startsWith(start)),
    );
  });
}
