import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { emojiCatalogue } from './catalogue.js';
import { readDrawings } from './drawings.js';
import { emojiImages } from './emoji-images.js';
import { requireEmojiData } from './emoji-data.js';
import { emojiCodeOf } from './emoji-names.js';
import { emojiPlugins } from './plugins.js';
import { stylesOf } from './split.js';

describe('the catalogue', () => {
  it('knows label, group and subgroup of an emoji', () => {
    expect(emojiCatalogue().find((emoji) => emoji.code === '1f436')).toMatchObject({
      label: 'dog face',
      group: 'animals-nature',
      subgroup: 'animal-mammal',
    });
  });

  it('leaves out skin tones, flags and clock faces', () => {
    const labels = emojiCatalogue().map((emoji) => emoji.label);
    expect(labels.filter((label) => /skin tone|^flag:|o.clock|regional indicator/.test(label))).toEqual([]);
    expect(labels).toContain('alarm clock');
    expect(labels.length).toBeGreaterThan(1500);
    expect(new Set(labels).size).toBe(labels.length);
  });
});

describe('names of drawings', () => {
  it.each([
    ['dog-face', '1f436'],
    [':dog:', '1f415'],
    ['racecar', '1f3ce'],
    ['christmastree', '1f384'],
    ['Piñata', '1fa85'],
    ['bird-1', '1f426'],
    [':+1:', '1f44d'],
    [':-1:', '1f44e'],
    ['keycap: #', '0023-20e3'],
    ['keycap: *', '002a-20e3'],
    [':keycap_star:', '002a-20e3'],
  ])('%s means %s', (name, code) => {
    expect(emojiCodeOf(name)).toBe(code);
  });

  it('says when a name means no emoji', () => {
    expect(emojiCodeOf('database-export')).toBeUndefined();
  });

  it.each([':flag_de:', ':clock1:', ':+1_tone1:'])('says that such as %s are left out', (name) => {
    expect(() => emojiImages(name, 32)).toThrow(
      expect.objectContaining({ where: name, remedy: expect.stringContaining('Flags, clock faces and skin tones') }),
    );
  });
});

describe('drawings', () => {
  it('finds most emoji in the complete set, and the older ones in sets that give no code points', () => {
    const counts = Object.fromEntries(stylesOf('downstream').map((style) => [style.name, readDrawings(style).length]));
    expect(counts['openmoji']).toBe(emojiCatalogue().length);
    expect(counts['emojione']).toBeGreaterThan(1000);
    expect(counts['emojione-monotone']).toBeGreaterThan(1000);
    expect(counts['emojione-v1']).toBeGreaterThan(850);
    expect(counts['streamline-emojis']).toBeGreaterThan(500);
  });

  it('has one drawing at most of an emoji, and uses no drawing twice', () => {
    for (const style of stylesOf('validation', 'downstream')) {
      const drawings = readDrawings(style);
      expect(new Set(drawings.map((drawing) => drawing.emoji.code)).size).toBe(drawings.length);
      expect(new Set(drawings.map((drawing) => drawing.id)).size).toBe(drawings.length);
    }
  });

  it('and their data sets are made once a process, for all experiments of a sweep', async () => {
    const [style] = stylesOf('downstream');
    expect(readDrawings(style)).toBe(readDrawings(style));
    const plugin = emojiPlugins.find(({ name }) => name === 'emoji-plants') as Extract<Plugin, { kind: 'dataset' }>;
    const make = (size: number) => plugin.create({} as never, { size });
    const [first, again, larger] = [await make(48), await make(48), await make(64)];
    expect(again).toBe(first);
    expect(larger.classNames).toEqual(first.classNames);
    expect(larger.test[0]).not.toBe(first.test[0]);
  });

  it('say how to get the optional package that they come from', () => {
    expect(() => requireEmojiData(join(tmpdir(), 'nowhere.js'))).toThrow(
      expect.objectContaining({
        name: 'DatasetError',
        message: 'Emoji come from the package @promptweave/emoji-data, which is not installed.',
        remedy: expect.stringContaining('npm install @promptweave/emoji-data') as string,
      }),
    );
  });

  it('names the package that is missing', () => {
    const [style] = stylesOf('downstream');
    expect(() => readDrawings({ ...style, package: '@iconify-json/none-such' })).toThrow(
      expect.objectContaining({ name: 'DatasetError', message: expect.stringContaining('@iconify-json/none-such') }),
    );
  });
});
