import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { z } from 'zod';

/** A file of an archive. */
export interface ArchiveFile {
  /** Where it lies, or what it contains. */
  readonly source: string | Buffer;
  /** Path within the archive, with slashes. */
  readonly path: string;
}

/** A package, where it is installed and where it goes. */
interface Located {
  readonly real: string;
  readonly path: string;
  /** The package in whose `node_modules` it lies. */
  readonly within?: Located;
}

const ranges = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  name: z.string(),
  files: z.array(z.string()).optional(),
  dependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
});

/** What nobody needs to run a package: types, maps, sources, texts, tests, and TensorFlow.js bundled for browsers. */
const LEFT_OUT = [
  /\.(map|ts|mts|cts|tsbuildinfo|markdown|md|flow|a|h|cc)$/i,
  /@tensorflow\/.*\.(min|es2017|fesm)\.js$/,
  /@tensorflow\/[^/]+\/(src|node_modules\/\.bin)\//,
  /(^|\/)(test|tests|__tests__|\.bin|\.github)\//,
];

/**
 * A package and all that it depends on as they are installed here, laid out as `node_modules`.
 * @param root folder of the package
 */
export function collectPackages(root: string): ArchiveFile[] {
  const placed = new Map<string, Located>();
  const files: ArchiveFile[] = [];
  const place = (found: Located): void => {
    placed.set(found.path, found);
    const own = readManifest(found.real);
    for (const file of packageFiles(found.real, own.files)) {
      const path = `${found.path}/${file}`;
      if (!LEFT_OUT.some((pattern) => pattern.test(path))) files.push({ source: join(found.real, file), path });
    }
    for (const [name, optional] of neededBy(own)) {
      const needed = locate(name, found, placed);
      if (needed && !placed.has(needed.path)) place(needed);
      else if (!needed && !optional)
        throw new ConfigError(`The package ${name}, which ${own.name} needs, is not installed.`, {
          where: found.real,
          remedy: 'Install again (npm ci), or run the sweep with --engine local.',
        });
    }
  };
  const { name } = readManifest(root);
  place({ real: realpathSync(root), path: `node_modules/${name}` });
  return files;
}

/** What a package needs → whether it works without. Of its optional peers only ours: others are test runners and the like. */
function neededBy(own: z.output<typeof manifest>): Map<string, boolean> {
  const peers = Object.keys(own.peerDependencies).map((name): [string, boolean] => [
    name,
    own.peerDependenciesMeta[name]?.optional ?? false,
  ]);
  return new Map([
    ...peers.filter(([name, optional]) => !optional || name.startsWith('@promptweave/')),
    ...Object.keys(own.dependencies).map((name): [string, boolean] => [name, name in own.optionalDependencies]),
    ...Object.keys(own.optionalDependencies).map((name): [string, boolean] => [name, true]),
  ]);
}

/** Where Node finds a dependency, and where it goes: inside the same package as here, at the top, or inside its user where the top is taken. */
function locate(name: string, user: Located, placed: ReadonlyMap<string, Located>): Located | undefined {
  for (let at: Located | undefined = user; at; at = at.within) {
    const folder = join(at.real, 'node_modules', name);
    if (existsSync(folder)) return { real: realpathSync(folder), path: `${at.path}/node_modules/${name}`, within: at };
  }
  for (let folder = dirname(user.real); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (!existsSync(candidate)) continue;
    const real = realpathSync(candidate);
    const top = { real, path: `node_modules/${name}` };
    const taken = placed.get(top.path);
    return !taken || taken.real === real ? top : { real, path: `${user.path}/node_modules/${name}`, within: user };
  }
  return undefined;
}

/** An installed package whole; one that is linked from a workspace as it would be published. */
function packageFiles(folder: string, published?: readonly string[]): string[] {
  if (folder.includes(`${sep}node_modules${sep}`) || !published) return walk(folder, '');
  const entries = published.filter((entry) => !entry.startsWith('!') && existsSync(join(folder, entry)));
  return ['package.json', ...entries.flatMap((entry) => walk(folder, entry))];
}

/** Files below a folder, without its `node_modules`; relative, sorted, with slashes. */
export function walk(folder: string, below: string): string[] {
  const path = join(folder, below);
  if (below !== '' && !statSync(path).isDirectory()) return [below];
  const names = readdirSync(path).sort();
  return names.flatMap((name) => {
    if (name === 'node_modules') return [];
    const inner = below === '' ? name : `${below}/${name}`;
    const info = statSync(join(folder, inner), { throwIfNoEntry: false });
    return info?.isDirectory() ? walk(folder, inner) : info ? [inner] : [];
  });
}

function readManifest(folder: string): z.output<typeof manifest> {
  return manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}
