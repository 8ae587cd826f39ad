import { execFileSync } from 'node:child_process';
import { basename, resolve } from 'node:path';
import { Fault } from './fault.js';
import { checkPackageName, checkPluginName, pluginNameFrom, unscoped } from './names.js';
import type { Project } from './project.js';
import { kinds, templateOf } from './templates.js';

/** What the user said; all else follows from it. */
export interface Wishes {
  /** A folder, or the name of the package: `my-thing`, `../my-thing`, `@me/my-thing`. */
  readonly target?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly plugin?: string;
  readonly author?: string;
}

/** The kind where none is given. */
export const DEFAULT_KIND = 'prompt';

/** The project that is wished for. @throws Fault where it cannot be made */
export function choose({ target, kind = DEFAULT_KIND, name, plugin, author }: Wishes): Project {
  checkKind(kind);
  const wanted = target ?? name ?? templateOf(kind).default;
  const isScoped = /^@[^/\\]+\/[^/\\]+$/.test(wanted);
  const folder = isScoped ? unscoped(wanted) : wanted;
  const packageName = name ?? (isScoped ? wanted : basename(resolve(folder)));
  checkPackageName(packageName);
  const pluginName = plugin ?? pluginNameFrom(packageName);
  checkPluginName(pluginName, kind);
  return {
    folder,
    name: packageName,
    plugin: pluginName,
    kind,
    author: author ?? nameInGit() ?? `the authors of ${packageName}`,
  };
}

/** @throws Fault where there is no template for it */
export function checkKind(kind: string): void {
  if (kinds().includes(kind)) return;
  throw new Fault(`There is no kind of plugin called "${kind}".`, `Choose one of ${kinds().join(', ')}.`);
}

function nameInGit(): string | undefined {
  try {
    const name = execFileSync('git', ['config', 'user.name'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return name.trim() || undefined;
  } catch {
    return undefined; // there is no git, or no name in it
  }
}
