import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleFiles, type ModuleFiles } from './module-files.js';

/**
 * What tells the code of a plugin module from other code: the version of an installed package. A file of one's own, or a package that is linked
 * and worked on, changes without its version; there it is the content of the module and of all files that it imports by relative paths, after
 * the version where there is one: `1.0.0+3fa9c2…`.
 *
 * @param known files of the module, where they were looked for already
 */
export async function moduleVersion(url: string, known?: ModuleFiles): Promise<string> {
  const file = fileURLToPath(url);
  const version = packageVersion(dirname(file));
  if (version !== undefined && /[\\/]node_modules[\\/]/.test(file)) return version;
  const hash = createHash('sha256');
  const files = known?.has(file) ? known : await moduleFiles(file); // those of a link's target have other paths
  for (const path of [...files.keys()].sort()) {
    hash
      .update(`${relative(dirname(file), path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return [version, hash.digest('hex').slice(0, 12)].filter((part) => part !== undefined).join('+');
}

function packageVersion(folder: string): string | undefined {
  const path = join(folder, 'package.json');
  const version = existsSync(path) ? versionIn(readFileSync(path, 'utf8')) : undefined;
  if (version !== undefined) return version;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageVersion(parent);
}

/** A damaged manifest has no version. */
function versionIn(manifest: string): string | undefined {
  try {
    const { version } = JSON.parse(manifest) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
