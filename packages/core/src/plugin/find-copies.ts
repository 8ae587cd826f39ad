import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defaultPlugins, locateModule } from './load-plugins.js';
import { differing, manifestIn, sharedPackages } from './package-copies.js';
import { PluginError } from './plugin-error.js';
import { remedyFor, secondCopyError, twoCopies } from './require-one-copy.js';

/**
 * Second copies of core, tfjs-core and zod: of the default modules, of the plugins that are installed for a folder, and of files in it. No
 * plugin is run.
 *
 * @param installation URL of a module of the calling program
 * @returns what loading each would say
 */
export async function findCopies(folder: string, installation: string = import.meta.url): Promise<PluginError[]> {
  const errors: PluginError[] = [];
  for (const name of new Set([...defaultPlugins, ...installedPlugins(resolve(folder))])) {
    const url = urlOf(name, folder, installation);
    const error = url === undefined ? undefined : await secondCopyError(name, url);
    if (error) errors.push(error);
  }
  const file = join(resolve(folder), 'plugin.js');
  for (const name of sharedPackages) {
    const found = differing(name, file);
    const whose = `which a plugin file in ${dirname(file)} would use`;
    if (found) errors.push(twoCopies(file, found, whose, remedyFor(file, file, found)));
  }
  return errors;
}

/** What cannot be found is nothing that could be loaded, which a configuration that lists it is told. */
function urlOf(name: string, folder: string, installation: string): string | undefined {
  try {
    return locateModule(name, folder, installation);
  } catch (error) {
    if (error instanceof PluginError) return undefined;
    throw error;
  }
}

/** Packages that depend on core, or are called so, as plugins are, in the folders that a module of this folder gets packages from. */
function installedPlugins(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  const names = entries(modules).flatMap((name) =>
    name.startsWith('@') ? entries(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  const own = names.filter((name) => {
    const { dependencies, peerDependencies } = manifestIn(join(modules, name)) ?? {};
    const uses = name.includes('promptweave') || '@promptweave/core' in { ...dependencies, ...peerDependencies };
    return uses && !/^(@promptweave\/|promptweave$)/.test(name);
  });
  return dirname(folder) === folder ? own : [...own, ...installedPlugins(dirname(folder))];
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}
