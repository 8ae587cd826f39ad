import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Dataset, ImageItem } from '@promptweave/core';
import { emojiArtists } from './emoji-artists.js';
import { emojiCatalogue } from './catalogue.js';
import { emojiGroups } from './emoji-groups.js';
import { readDrawings } from './drawings.js';
import { squeezedName } from './emoji-names.js';
import { pretrainingConcepts, pretrainingIconSets } from './pretraining.js';
import { singleEmoji, type SingleEmojiTopic, singleEmojiTopics } from './single-emoji.js';
import { emojiStyles, heldOutGroup, pretrainGroups, stylesOf } from './split.js';

const topics = Object.keys(singleEmojiTopics) as SingleEmojiTopic[];
const single = topics.map((topic) => singleEmoji(topic, 48));
const groups = emojiGroups(48);
const artists = emojiArtists(48);
const all: Dataset[] = [groups, artists, ...single];
const parts = ['train', 'val', 'test'] as const;

const codeOf = new Map(
  stylesOf('validation', 'downstream').flatMap((style) =>
    readDrawings(style).map((drawing): [string, string] => [`emoji/${drawing.id}`, drawing.emoji.code]),
  ),
);
const codes = (items: readonly ImageItem[]): Set<string | undefined> =>
  new Set(items.map((item) => codeOf.get(item.id)));
const domains = (items: readonly ImageItem[]): Set<string | undefined> => new Set(items.map((item) => item.domain));
const shared = <T>(a: Set<T>, b: Set<T>): T[] => [...a].filter((value) => b.has(value));

describe('what the pretraining may see', () => {
  it('shares no family, no style and no package with the data sets', () => {
    const seen = stylesOf('pretrain');
    const held = stylesOf('validation', 'downstream');
    expect(shared(new Set(seen.map((s) => s.family)), new Set(held.map((s) => s.family)))).toEqual([]);
    const packages = new Set([...seen.map((s) => s.package), ...pretrainingIconSets.map((s) => `@iconify-json/${s}`)]);
    expect(shared(packages, new Set(held.map((s) => s.package)))).toEqual([]);
    expect(seen.length + held.length).toBe(emojiStyles.length);
  });

  it('is under licences without share-alike', () => {
    expect(stylesOf('pretrain').filter((s) => s.licence.includes('SA'))).toEqual([]);
  });

  it('names nothing of the group that is held out', () => {
    const groupsSeen = new Set(pretrainingConcepts().map((emoji) => emoji.group));
    expect([...groupsSeen].sort()).toEqual([...pretrainGroups].sort());
    expect(groupsSeen).not.toContain(heldOutGroup);
    expect(emojiCatalogue().filter((emoji) => emoji.group === heldOutGroup).length).toBeGreaterThan(50);
  });
});

describe('the pictures that the embedded CLIP was trained on', () => {
  const list = readFileSync(new URL('../../../../tools/pretrain/training-images.txt', import.meta.url), 'utf8');
  const trainedOn = new Set(list.trim().split('\n'));

  it('are of the styles and icon sets that the split allows', () => {
    const allowed = new Set([...stylesOf('pretrain').map((style) => style.name), ...pretrainingIconSets]);
    expect(new Set([...trainedOn].map((id) => id.split('/')[0]))).toEqual(allowed);
    expect(trainedOn.size).toBeGreaterThan(9000);
  });

  it('are in no data set', () => {
    const ids = all.flatMap((dataset) => parts.flatMap((part) => dataset[part].map((item) => item.id)));
    expect(ids.filter((id) => trainedOn.has(id.replace(/^emoji\//, '')))).toEqual([]);
    expect(ids.length).toBeGreaterThan(5000);
  });

  it('are none of the held-out group, whatever the style', () => {
    const names = emojiCatalogue()
      .filter((emoji) => emoji.group === heldOutGroup)
      .map((emoji) => squeezedName(emoji.label));
    const offending = [...trainedOn].filter((id) => names.includes(squeezedName(id.split('/')[1] ?? '')));
    expect(offending).toEqual([]);
  });
});

describe.each(all.map((dataset) => [dataset.name, dataset] as const))('%s', (_name, dataset) => {
  it('holds drawings of held-out styles alone, and tests none of the validation style', () => {
    const styles = new Map(emojiStyles.map((style) => [style.name, style.role]));
    for (const part of parts) {
      for (const domain of domains(dataset[part])) expect(styles.get(domain ?? '')).not.toBe('pretrain');
    }
    for (const domain of domains(dataset.test)) expect(styles.get(domain ?? '')).toBe('downstream');
  });

  it('has training and test images of every class, and every image once', () => {
    const items = parts.flatMap((part) => dataset[part]);
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
    for (const part of ['train', 'test'] as const) {
      expect(new Set(dataset[part].map((item) => item.label)).size).toBe(dataset.classNames.length);
    }
    expect(new Set(dataset.classNames).size).toBe(dataset.classNames.length);
    expect(Math.min(...items.map((item) => item.label))).toBe(0);
    expect(Math.max(...items.map((item) => item.label))).toBe(dataset.classNames.length - 1);
  });
});

describe.each([groups, artists].map((dataset) => [dataset.name, dataset] as const))('%s', (_name, dataset) => {
  it('has different emoji in train, validation and test', () => {
    const [train, val, test] = parts.map((part) => codes(dataset[part]));
    expect([shared(train, val), shared(train, test), shared(val, test)]).toEqual([[], [], []]);
    expect(train).not.toContain(undefined);
  });
});

describe.each(single.map((dataset) => [dataset.name, dataset] as const))('%s', (_name, dataset) => {
  it('has different artists in train, validation and test', () => {
    const family = new Map(emojiStyles.map((style) => [style.name, style.family]));
    const [train, val, test] = parts.map(
      (part) => new Set([...domains(dataset[part])].map((domain) => family.get(domain ?? ''))),
    );
    expect([shared(train, val), shared(train, test), shared(val, test)]).toEqual([[], [], []]);
  });
});

describe('the table of the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

  it.each(all.map((dataset) => [dataset.name, dataset] as const))(
    'counts %s',
    (name, { classNames, train, val, test }) => {
      const row = readme.split('\n').find((line) => new RegExp(`^\\| \`${name}\` +\\|`).test(line)) ?? '';
      expect(row.split('|').slice(2, 6).map(Number)).toEqual(
        [classNames, train, val, test].map(({ length }) => length),
      );
    },
  );
});

describe('emoji-groups', () => {
  it('has 16 shots of every class and is the same whenever it is made', () => {
    for (const label of groups.classNames.keys()) {
      expect(groups.train.filter((item) => item.label === label).length).toBeGreaterThanOrEqual(16);
    }
    expect(groups.classNames).toContain('animal bird');
    expect(emojiGroups(48).digest).toBe(groups.digest);
    expect(groups.digest).toMatch(/^2ab7d7ac/);
  });
});
