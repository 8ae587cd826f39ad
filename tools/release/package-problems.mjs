import { packAsList } from '@publint/pack';
import { init, parse } from 'es-module-lexer';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rangeProblems } from './ranges.mjs';
import { readManifest } from './workspace.mjs';

/**
 * Every reason not to publish the package in `folder`, in words.
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
export async function packageProblems(folder) {
  const manifest = readManifest(folder);
  const packed = new Set(await packAsList(folder, { ignoreScripts: true }));
  return [
    ...(await entryProblems(folder, packed)),
    ...filesProblems(manifest, packed),
    ...(await importProblems(folder, packed)),
    ...rangeProblems(manifest),
  ];
}

/** `exports`, `bin`, `types` and the like name what is packed, in a form that Node and TypeScript read. */
async function entryProblems(folder, packed) {
  const files = [...packed].map((path) => ({ name: `package/${path}`, data: readFileSync(join(folder, path)) }));
  const { messages, pkg } = await publint({ pkgDir: 'package', pack: { files }, strict: true });
  return messages
    .filter(({ type }) => type === 'error')
    .map((message) => formatMessage(message, pkg, { color: false }));
}

/** Every entry of `files` brings something. */
function filesProblems({ files = [] }, packed) {
  const names = files.filter((entry) => !entry.startsWith('!')).map((entry) => posix.normalize(entry));
  const missing = names.filter((name) => ![...packed].some((path) => path === name || path.startsWith(`${name}/`)));
  return missing.map((name) => `files names ${name}, and nothing of that name is packed.`);
}

/** What a packed module imports beside itself is packed too. */
async function importProblems(folder, packed) {
  await init;
  const problems = [];
  for (const path of packed) {
    if (!/\.(m?js|d\.m?ts)$/.test(path)) continue;
    const [imports] = parse(readFileSync(join(folder, path), 'utf8'), path);
    for (const { n: specifier } of imports) {
      if (!specifier?.startsWith('.')) continue;
      const typed = /\.d\.m?ts$/.test(path) ? specifier.replace(/\.(m?)js$/, '.d.$1ts') : specifier;
      const target = posix.join(posix.dirname(path), typed);
      if (!packed.has(target)) problems.push(`${path} imports ${specifier}, and ${target} is not packed.`);
    }
  }
  return problems;
}
