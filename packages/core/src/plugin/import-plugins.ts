import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkPlugin } from './check-plugin.js';
import { contractsError } from './contracts-error.js';
import type { Plugin } from './define-plugin.js';
import { moduleFiles } from './module-files.js';
import { moduleVersion } from './module-version.js';
import { PluginError } from './plugin-error.js';
import type { RegisteredPlugin } from './registry.js';
import { requireOneCopy } from './require-one-copy.js';

const TYPESCRIPT =
  "Build it (npx tsc) and name the .js file; or let Node.js read it: from 22.18 on it reads TypeScript that only has types to be left out, and with tsx all of it (npm install tsx, then NODE_OPTIONS='--import tsx' npx promptweave …).";

/**
 * Runs a module and takes its plugins.
 *
 * @param name that it is listed by
 * @throws PluginError where it cannot be loaded, has no valid plugins, is made for other contracts, or uses another copy of core, zod or
 *   tfjs-core
 */
export async function importPlugins(name: string, url: string): Promise<RegisteredPlugin[]> {
  const plugins = pluginsOf(name, await importModule(name, url));
  // First what explains whatever else is wrong.
  for (const plugin of plugins) requireContracts(name, plugin);
  const files = await moduleFiles(realpathSync(fileURLToPath(url)));
  await requireOneCopy(name, url, files);
  const version = await moduleVersion(url, files);
  return plugins.map((plugin, index) => {
    const fault = faultOf(plugin);
    if (fault) throw new PluginError(name, `plugins[${index}] of the module ${name} is not a plugin: ${fault}`);
    return { plugin: plugin as Plugin, module: name, version };
  });
}

async function importModule(name: string, url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
  } catch (cause) {
    await requireOneCopy(name, url); // of another version, which may lack what the module imports
    const unknown = (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
    const message = unknown
      ? `Node.js ${process.version} cannot load ${name}.`
      : `The plugin module ${name} failed to load: ${describeThrown(cause)}`;
    const remedy = /\.[cm]?tsx?$/.test(url) ? TYPESCRIPT : unknown ? 'Name a .js or .mjs file.' : undefined;
    throw new PluginError(name, message, { remedy, cause });
  }
}

function pluginsOf(name: string, module: Record<string, unknown>): readonly unknown[] {
  if (Array.isArray(module['plugins'])) return module['plugins'];
  throw new PluginError(name, `The module ${name} exports no array \`plugins\`.`, {
    remedy: 'Export one: export const plugins = [definePlugin({ … })].',
  });
}

/** A plugin's properties are a stranger's code. @throws PluginError where it is made for other contracts */
function requireContracts(name: string, plugin: unknown): void {
  let error: PluginError | undefined;
  try {
    error = contractsError(name, plugin);
  } catch {
    return; // what cannot be looked at is no plugin, which is told later
  }
  if (error) throw error;
}

/** What is wrong with a plugin. */
function faultOf(plugin: unknown): string | undefined {
  try {
    return checkPlugin(plugin);
  } catch (error) {
    return `looking at it fails: ${describeThrown(error)}`;
  }
}

/** Anything can be thrown. */
function describeThrown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something was thrown that is no error.';
  }
}
