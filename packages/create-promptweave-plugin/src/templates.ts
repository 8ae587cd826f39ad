import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../templates', import.meta.url));

/** Files of every project; all other folders of `templates/` are kinds of plugins. */
const COMMON = 'common';

/** A `template.json`. */
export interface Template {
  /** What the example is, for menus. */
  readonly about: string;
  /** Name of the package where none is given. */
  readonly default: string;
  /** Packages of promptweave that the plugin is made of, besides core. */
  readonly dependencies?: readonly string[];
}

/** The kinds of plugins that can be made. */
export function kinds(): string[] {
  return readdirSync(folder)
    .filter((name) => name !== COMMON)
    .sort();
}

export function templateOf(kind: string): Template {
  return JSON.parse(readFileSync(join(folder, kind, 'template.json'), 'utf8')) as Template;
}

/** Text by path, with placeholders: the files of all projects and those of the kind; where both have a README, one after the other. */
export function templateFiles(kind: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const part of [kind, COMMON]) {
    for (const path of filesBelow(join(folder, part))) {
      if (path === 'template.json') continue;
      const target = path === '_gitignore' ? '.gitignore' : path; // npm packs no .gitignore
      files.set(target, (files.get(target) ?? '') + readFileSync(join(folder, part, path), 'utf8'));
    }
  }
  return files;
}

function filesBelow(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}
