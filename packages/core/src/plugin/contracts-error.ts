import { coreVersion } from '../training/version.js';
import { contractsVersion, majorOf } from './contracts-version.js';
import { kindNames, type Plugin, type PluginKind } from './define-plugin.js';
import { PluginError } from './plugin-error.js';
import { namesFile } from './plugin-name.js';

/**
 * What there is to say where a plugin is made for contracts with another first number; undefined where it is made for ours. A plugin that
 * does not say what it is made for is taken to be made for ours: its shape is checked all the same.
 *
 * @param module that it comes from, as it is listed
 */
export function contractsError(module: string, plugin: unknown): PluginError | undefined {
  const { contracts, kind, name } = (plugin ?? {}) as Partial<Plugin>;
  const [theirs, ours] = [majorOf(contracts), majorOf(contractsVersion)!];
  if (theirs === undefined || theirs === ours) return undefined;
  const what = `${kindNames[kind as PluginKind] ?? 'plugin'} "${String(name)}"`;
  const other = namesFile(module)
    ? `change ${module} to version ${ours} of the contracts`
    : `install a version of ${module} that is made for version ${ours}`;
  const newer = `Install a newer promptweave (npm install @promptweave/core@latest promptweave@latest), or ${other}.`;
  return new PluginError(
    module,
    `The ${what} of ${module} is made for version ${contracts} of promptweave's contracts with plugins, and @promptweave/core ${coreVersion} has version ${contractsVersion}.`,
    { remedy: theirs > ours ? newer : `${other[0]!.toUpperCase()}${other.slice(1)}.` },
  );
}
