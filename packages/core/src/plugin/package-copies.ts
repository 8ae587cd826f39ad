import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleFiles } from './module-files.js';

/** Packages that plugins and core must have in common: tensors, schemas and services pass from one to the other. */
export const sharedPackages = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'] as const;

export type SharedPackage = (typeof sharedPackages)[number];

/** A package as it lies on the disk. */
export interface PackageCopy {
  readonly folder: string;
  readonly version: string;
}

/** A plugin would use one copy of a package, and core uses another. */
export interface SecondCopy {
  readonly name: SharedPackage;
  readonly theirs: PackageCopy;
  readonly ours: PackageCopy;
}

/** The copy that core uses. */
export function ourCopy(name: SharedPackage): PackageCopy {
  const manifest = realpathSync(fileURLToPath(new URL('../../package.json', import.meta.url)));
  return name === '@promptweave/core' ? copyIn(dirname(manifest)) : packageFrom(name, manifest)!;
}

/**
 * The first shared package of which a module's files would use another copy; undefined where it uses ours alone. What it does not import does not
 * matter, wherever it lies. Nor does a zod that a package which the plugin uses has for itself.
 */
export function secondCopy(files: ModuleFiles): SecondCopy | undefined {
  const seen = new Set<string>();
  for (const [file, names] of files) {
    for (const specifier of names) {
      const name = packageName(specifier);
      const place = `${dirname(file)}\0${name}`;
      if (name === undefined || seen.has(place)) continue;
      seen.add(place);
      const other = isShared(name) ? differing(name, file) : copyOfHelper(name, file);
      if (other) return other;
    }
  }
  return undefined;
}

function copyOfHelper(helper: string, file: string): SecondCopy | undefined {
  const found = packageFrom(helper, file);
  if (!found) return undefined;
  const { dependencies, peerDependencies } = manifestIn(found.folder)!;
  for (const name of ['@promptweave/core', '@tensorflow/tfjs-core'] as const) {
    if (!(name in { ...dependencies, ...peerDependencies })) continue;
    const other = differing(name, join(found.folder, 'package.json'));
    if (other) return other;
  }
  return undefined;
}

/** Another copy than ours that a file gets by the name of a shared package; undefined where it gets ours, or none. */
export function differing(name: SharedPackage, file: string): SecondCopy | undefined {
  const [theirs, ours] = [packageFrom(name, file), ourCopy(name)];
  return theirs && theirs.folder !== ours.folder ? { name, theirs, ours } : undefined;
}

function isShared(name: string): name is SharedPackage {
  return (sharedPackages as readonly string[]).includes(name);
}

/** `@scope/name/door` → `@scope/name`; undefined for `node:fs`, `#inner` and addresses. */
function packageName(specifier: string): string | undefined {
  return /^(@[\w.~-]+\/)?[\w~-][\w.~-]*(?=\/|$)/.exec(specifier)?.[0];
}

/** The package that a file gets by a name, as Node.js looks for it; undefined where there is none. Links are followed. */
function packageFrom(name: string, file: string): PackageCopy | undefined {
  for (let folder = dirname(file), last = ''; folder !== last; [folder, last] = [dirname(folder), folder]) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return copyIn(realpathSync(found));
  }
  return undefined;
}

function copyIn(folder: string): PackageCopy {
  return { folder, version: manifestIn(folder)?.version ?? 'of no version' };
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: object;
  readonly peerDependencies?: object;
}

/** A damaged manifest says nothing. */
export function manifestIn(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
