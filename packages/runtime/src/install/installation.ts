import { lstat, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { runtimeFolder } from '../cache-folder.js';
import { fusedOperations } from '../native/fused.js';
import { layout } from './compile-binding.js';
import type { InstalledFile } from './extract.js';
import { withInstallLock } from './install-lock.js';
import { tfjsVersion } from './tfjs-node-package.js';

/** Raised where what is compiled here changed, so that an older installation is made anew. */
export const format = 3;

/** What an installation says about itself in `installation.json`, which is written last. */
export interface InstallationManifest {
  readonly format: typeof format;
  readonly tensorflow: string;
  readonly variant: 'cpu' | 'cuda';
  readonly machine: string;
  readonly tfjs: string;
  /** The wheels it was made of, with the SHA-256 of each that was a file. */
  readonly wheels: readonly { readonly file: string; readonly sha256?: string }[];
  readonly compiler: string;
  /** Why the fused operations are not there, where they are not. */
  readonly notFused?: string;
  /** The fused operations that were compiled. */
  readonly fused?: readonly string[];
  readonly installedAt: string;
  /** Every library, header and binding, by path in the installation. */
  readonly files: Readonly<Record<string, InstalledFile>>;
}

/** One installation of libtensorflow in the cache. */
export interface Installation {
  /** `VERSION-VARIANT-PLATFORM-ARCHITECTURE`, unique in the cache. */
  readonly name: string;
  readonly folder: string;
  readonly tensorflowVersion: string;
  readonly variant: 'cpu' | 'cuda';
  readonly bytes: number;
  readonly installedAt: string;
  /** Why the fused operations are not there, where they are not: it computes the same, only slower. */
  readonly notFused?: string;
  /** Why it cannot be used, where it cannot. */
  readonly problem?: string;
}

/** Where the files of all installations lie; the names beside it are links into it, so that replacing one is one rename. */
export const storeFolder = (): string => join(runtimeFolder(), '.store');

/** All installations in the cache, the newest TensorFlow first; those that cannot be used on this machine say why. */
export async function listRuntimes(): Promise<Installation[]> {
  const names = await readdir(runtimeFolder()).catch(noFolder);
  const found = await Promise.all(names.filter((name) => !name.startsWith('.')).map(readInstallation));
  return found.sort((a, b) => b.tensorflowVersion.localeCompare(a.tensorflowVersion, 'en', { numeric: true }));
}

async function readInstallation(name: string): Promise<Installation> {
  const [tensorflowVersion = name, variant] = name.split('-');
  const unusable = {
    name,
    tensorflowVersion,
    variant: variant === 'cuda' ? 'cuda' : 'cpu',
    bytes: 0,
    installedAt: '',
  } as const;
  let folder = join(runtimeFolder(), name);
  let manifest: InstallationManifest;
  try {
    folder = await realpath(folder);
    manifest = JSON.parse(await readFile(join(folder, layout.manifest), 'utf8')) as InstallationManifest;
  } catch (cause) {
    return { ...unusable, folder, problem: `its ${layout.manifest} cannot be read: ${String(cause)}` };
  }
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  const problem = await findProblem(folder, manifest);
  return {
    name,
    folder,
    tensorflowVersion: manifest.tensorflow,
    variant: manifest.variant,
    bytes,
    installedAt: manifest.installedAt,
    ...(manifest.notFused && { notFused: manifest.notFused }),
    ...(problem && { problem }),
  };
}

async function findProblem(folder: string, manifest: InstallationManifest): Promise<string | undefined> {
  if (manifest.machine !== `${process.platform}-${process.arch}`) return `it was made for ${manifest.machine}`;
  if (manifest.tfjs !== tfjsVersion) return `it was made for TensorFlow.js ${manifest.tfjs}, this is ${tfjsVersion}`;
  const parts = [
    layout.signals,
    layout.programs,
    ...(manifest.notFused ? [] : [layout.fused]),
    ...(manifest.variant === 'cuda' ? [layout.gpu] : []),
  ];
  const lacks = !manifest.notFused && fusedOperations.some((operation) => !manifest.fused?.includes(operation));
  if (manifest.format !== format || lacks || parts.some((part) => !(part in manifest.files)))
    return 'it was made by an older promptweave';
  for (const [file, { bytes }] of Object.entries(manifest.files)) {
    const size = await stat(join(folder, file)).then(
      (found) => found.size,
      () => undefined,
    );
    if (size !== bytes)
      return size === undefined ? `${file} is missing` : `${file} has ${size} bytes instead of ${bytes}`;
  }
  return undefined;
}

/**
 * Removes one installation, or all of them. Processes that have one loaded keep it until they end.
 *
 * @returns what was removed
 * @throws BackendError where there is none of that name
 */
export async function removeRuntime(name?: string): Promise<Installation[]> {
  const all = await listRuntimes();
  const chosen = name === undefined ? all : all.filter((entry) => entry.name === name);
  if (name !== undefined && chosen.length === 0) {
    throw new BackendError(`There is no installation of the name ${name}.`, {
      where: runtimeFolder(),
      remedy: all.length ? `There are: ${all.map((entry) => entry.name).join(', ')}.` : 'The cache holds none.',
    });
  }
  if (chosen.length > 0) {
    await withInstallLock(undefined, async () => {
      for (const entry of chosen) await rm(join(runtimeFolder(), entry.name), { recursive: true, force: true });
      await removeUnlinked();
    });
  }
  return chosen;
}

/** Deletes what interrupted or replaced installations left in the store. Only the holder of the lock may call it. */
export async function removeUnlinked(): Promise<void> {
  const links = await readdir(runtimeFolder()).catch(noFolder);
  const linked = await Promise.all(
    links
      .filter((name) => !name.startsWith('.'))
      .map((name) => realpath(join(runtimeFolder(), name)).catch(() => undefined)),
  );
  for (const name of await readdir(storeFolder()).catch(noFolder)) {
    const folder = join(storeFolder(), name);
    if ((await lstat(folder)).isDirectory() && linked.includes(await realpath(folder))) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** A folder that was never made holds nothing; any other trouble is passed on. */
function noFolder(cause: unknown): string[] {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
  throw cause;
}
