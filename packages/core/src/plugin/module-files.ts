import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { init, parse } from 'es-module-lexer';

/** Files of a module, each with the packages that it imports by name. */
export type ModuleFiles = ReadonlyMap<string, readonly string[]>;

/**
 * A module and what it imports by relative paths, whatever that imports, and so on: each file with the packages that it imports by name.
 * Names that are computed are not known before the code runs.
 */
export async function moduleFiles(entry: string): Promise<ModuleFiles> {
  await init;
  const found = new Map<string, readonly string[]>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    const names = /\.[cm]?[jt]s$/.test(file) ? importsOf(readFileSync(file, 'utf8')) : []; // others are data, such as JSON
    found.set(
      file,
      names.filter((name) => !isRelative(name)),
    );
    for (const name of names.filter(isRelative)) {
      const path = fileURLToPath(new URL(name, pathToFileURL(file)));
      waiting.push(...spellings(path).filter(isFile).slice(0, 1));
    }
  }
  return found;
}

function isRelative(name: string): boolean {
  return /^\.{1,2}\//.test(name);
}

/** What a path may mean: for `require` and for TypeScript it need not be a file's whole name. */
function spellings(path: string): string[] {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts');
  return [path, source, ...['.js', '.ts', '.cjs', '/index.js', '/index.ts'].map((end) => path + end)];
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Names in the imports and requires of a module. Types alone are not imported when it runs. */
function importsOf(code: string): string[] {
  const required = [...code.matchAll(/\brequire\(\s*(['"])([^'"\n]+)\1\s*\)/g)].map(([, , name]) => name!);
  try {
    const imported = parse(code)[0].flatMap(({ n: name, ss: start, se: end }) =>
      name === undefined || /^(import|export)\s+type\b/.test(code.slice(start, end)) ? [] : [name],
    );
    return [...imported, ...required];
  } catch {
    return required; // code that nobody can read
  }
}
