import { readFileSync } from 'node:fs';
import validate from 'validate-npm-package-name';
import { Fault } from './fault.js';

/** The plugins that promptweave has itself: names by kind. */
const builtinNames = JSON.parse(readFileSync(new URL('../builtin-names.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;

/** @throws Fault where npm or promptweave could not take a package of this name */
export function checkPackageName(name: string): void {
  const remedy = 'Choose another one, such as promptweave-my-method or @me/my-method.';
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  if (!validForNewPackages) {
    throw new Fault(`"${name}" is no name of an npm package: ${[...errors, ...warnings].join('; ')}.`, remedy);
  }
  if (/\.([cm]?[jt]s|json)$/.test(name)) {
    throw new Fault(`Under plugins:, promptweave would take "${name}" for a file, because of its ending.`, remedy);
  }
  if (name === 'default') {
    throw new Fault("Under plugins:, `default` stands for promptweave's own plugins.", remedy);
  }
  if (/^(@promptweave\/.*|promptweave|create-promptweave-plugin)$/.test(name)) {
    throw new Fault(`"${name}" is a name of promptweave's own packages.`, remedy);
  }
}

/** @throws Fault where a configuration could not choose a plugin of this name */
export function checkPluginName(name: string, kind: string): void {
  if (!/^[a-z0-9]+([-/][a-z0-9]+)*$/.test(name)) {
    throw new Fault(
      `"${name}" is no name of a plugin: it has small letters and digits, with single hyphens or slashes between them.`,
      'Give another one: --plugin my-method',
    );
  }
  const owner = Object.keys(builtinNames).find((each) => builtinNames[each]!.includes(name));
  if (owner === undefined) return;
  const reason =
    owner === kind
      ? 'and a configuration that loads two of one name is refused.'
      : 'and one name for two things would mislead whoever reads a configuration.';
  throw new Fault(
    `promptweave has a plugin "${name}" itself (${owner}), ${reason}`,
    'Give another one: --plugin my-method',
  );
}

/** A plugin's name from that of its package: without scope and the word promptweave, hyphens between the words. */
export function pluginNameFrom(packageName: string): string {
  const words = unscoped(packageName)
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const own = words.filter((word) => word !== 'promptweave' && word !== 'plugin');
  return (own.length > 0 ? own : words).join('-');
}

/** `@me/thing` → `thing`. */
export function unscoped(packageName: string): string {
  return packageName.replace(/^@[^/]*\//, '');
}
