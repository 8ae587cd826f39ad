import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Version of the package that a module belongs to, or the beginning of the module's own SHA-256 where there is none: a file beside a
 * configuration.
 */
export function moduleVersion(url: string): string {
  const file = fileURLToPath(url);
  return packageVersion(dirname(file)) ?? createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
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
