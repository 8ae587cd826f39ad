import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleFiles, type ModuleFiles } from './module-files.js';
import { secondCopy, type SecondCopy } from './package-copies.js';
import { PluginError } from './plugin-error.js';
import { namesFile } from './plugin-name.js';

/**
 * @param files of the module, where they are known
 * @throws PluginError where a module would use another copy of core, zod or tfjs-core than core does
 */
export async function requireOneCopy(module: string, url: string, files?: ModuleFiles): Promise<void> {
  const error = await secondCopyError(module, url, files);
  if (error) throw error;
}

/** What there is to say about the second copy that a module would use; undefined where there is none. */
export async function secondCopyError(
  module: string,
  url: string,
  files?: ModuleFiles,
): Promise<PluginError | undefined> {
  const entry = realpathSync(fileURLToPath(url));
  const found = secondCopy(files ?? (await moduleFiles(entry)));
  return found && twoCopies(module, found, `which the plugin module ${module} uses`, remedyFor(module, entry, found));
}

/** @param whose the other copy is, as the end of a sentence */
export function twoCopies(
  module: string,
  { name, theirs, ours }: SecondCopy,
  whose: string,
  remedy: string,
): PluginError {
  const copies = `${theirs.version} in ${theirs.folder}, ${whose}, and ${ours.version} in ${ours.folder}, which promptweave uses`;
  return new PluginError(module, `There are two copies of ${name}: ${copies}.`, { remedy });
}

/** @param entry the module's file */
export function remedyFor(module: string, entry: string, { name, theirs, ours }: SecondCopy): string {
  const dedupe = `run \`npm dedupe\`, so that there is one (\`npm ls ${name}\` shows them)`;
  if (namesFile(module)) {
    return `Run the promptweave that is installed beside the file (\`npx promptweave\`); there, \`npm install ${name}@${ours.version}\`, and ${dedupe}.`;
  }
  if (!/[\\/]node_modules[\\/]/.test(entry)) {
    return `${module} is a link to ${dirname(entry)}: make ${name} a peer dependency there and remove ${theirs.folder}, link ours (\`npm link ${ours.folder}\`), or install the package packed (\`npm pack\`).`;
  }
  return `Make ${name} a peer dependency of ${module} (\`peerDependencies\`), install it again with ${name} ${ours.version}, and ${dedupe}.`;
}
