// The packages of this repository, as they stand on disk.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Folder and manifest of every package that is published, by name. */
export function workspacePackages() {
  const found = new Map();
  for (const room of readManifest(root).workspaces.map(dirname)) {
    for (const name of readdirSync(join(root, room)).sort()) {
      const folder = join(root, room, name);
      if (!existsSync(join(folder, 'package.json'))) continue;
      const manifest = readManifest(folder);
      if (!manifest.private) found.set(manifest.name, { folder, manifest });
    }
  }
  return found;
}

/** What a user of the package gets with it, name and range; not what only its tests need. */
export const dependenciesOf = ({ dependencies, peerDependencies, optionalDependencies }) =>
  Object.entries({ ...dependencies, ...peerDependencies, ...optionalDependencies });
