import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DatasetError } from '@promptweave/core';
import { canonicalCode } from './catalogue.js';
import { requireEmojiData } from './emoji-data.js';

const shape = { left: z.number().optional(), top: z.number().optional() };
const size = { width: z.number().optional(), height: z.number().optional() };
const transform = { rotate: z.number().optional(), hFlip: z.boolean().optional(), vFlip: z.boolean().optional() };
const iconsFile = z.object({
  icons: z.record(z.string(), z.object({ body: z.string(), ...shape, ...size })),
  aliases: z.record(z.string(), z.object({ parent: z.string(), ...transform })).default({}),
  ...shape,
  ...size,
});
const charsFile = z.record(z.string(), z.string());

/** An icon set as Iconify publishes it. */
export interface IconSet {
  readonly package: string;
  /** Names of the drawings themselves, in the file's order. */
  readonly names: readonly string[];
  /** Alias → name of the drawing that it stands for; aliases that turn or mirror a drawing are left out. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Code points (see `canonicalCode`) → name or alias. Empty where the set gives none. */
  readonly codes: ReadonlyMap<string, string>;
  /** The drawing as an SVG document; monochrome drawings are black. */
  svg(name: string): string;
}

/** Sets that were read, by package: one has up to 10 MB, and every data set in a process takes its drawings from it. */
const known = new Map<string, IconSet>();

/**
 * Reads an icon set's package, once a process.
 *
 * @param packageName for example `@iconify-json/openmoji`
 * @param modulesFolder a `node_modules` folder to look in, instead of the dependencies of `@promptweave/emoji-data`
 * @throws DatasetError when the package is not installed or not an icon set
 */
export function readIconSet(packageName: string, modulesFolder?: string): IconSet {
  const key = `${packageName} ${modulesFolder ?? ''}`;
  const set = known.get(key) ?? readSet(packageName, modulesFolder);
  known.set(key, set);
  return set;
}

function readSet(packageName: string, modulesFolder?: string): IconSet {
  const file = readJson(iconsFile, packageName, 'icons.json', modulesFolder);
  const chars = readJson(charsFile, packageName, 'chars.json', modulesFolder);
  const aliases = new Map<string, string>();
  for (const [alias, { parent, rotate, hFlip, vFlip }] of Object.entries(file.aliases)) {
    if (file.icons[parent] !== undefined && !rotate && !hFlip && !vFlip) aliases.set(alias, parent);
  }
  return {
    package: packageName,
    names: Object.keys(file.icons),
    aliases,
    codes: new Map(Object.entries(chars).map(([code, name]) => [canonicalCode(code), name])),
    svg(name) {
      const icon = file.icons[aliases.get(name) ?? name];
      if (icon === undefined)
        throw new DatasetError(`${packageName} has no drawing "${name}".`, { where: packageName });
      const box = [icon.left ?? file.left ?? 0, icon.top ?? file.top ?? 0, icon.width ?? file.width ?? 16];
      box.push(icon.height ?? file.height ?? 16);
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(' ')}">${icon.body}</svg>`;
    },
  };
}

function readJson<T>(schema: z.ZodType<T>, packageName: string, name: string, modulesFolder?: string): T {
  const file = modulesFolder === undefined ? resolve(packageName, name) : join(modulesFolder, packageName, name);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new DatasetError(`The icon set ${packageName} cannot be read.`, { where: file, cause, remedy: install });
  }
  const result = schema.safeParse(content);
  if (!result.success) {
    throw new DatasetError(`${packageName} is not an icon set: ${z.prettifyError(result.error)}`, { where: file });
  }
  return result.data;
}

const install = 'Install the packages again with npm ci.';

function resolve(packageName: string, name: string): string {
  const require = requireEmojiData();
  try {
    return require.resolve(`${packageName}/${name}`);
  } catch (cause) {
    throw new DatasetError(`The icon set ${packageName} is not installed.`, {
      where: packageName,
      cause,
      remedy: install,
    });
  }
}
