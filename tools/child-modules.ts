import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Test modules as Node runs them, for the processes that a test starts: compiled once, for all of these. */
export interface ChildModules {
  /** URL of the module that came from a file of this name, as of `killed.test.support.ts`. */
  url(file: string): string;
  remove(): void;
}

/** @param files modules in TypeScript; what they import of our packages are the sources, as in the tests themselves */
export async function childModules(...files: readonly string[]): Promise<ChildModules> {
  const name = (file: string): string => basename(file, '.ts');
  const folder = mkdtempSync(join(root, 'node_modules/.child-modules-'));
  const bundle = await rolldown({
    input: Object.fromEntries(files.map((file) => [name(file), file])),
    external: /^(?!@promptweave\/)[^./]/,
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        resolveId: (source) => {
          const [, scope, entry] = /^@promptweave\/([a-z-]+)(?:\/(experiment))?$/.exec(source) ?? [];
          return scope && join(root, 'packages', scope, 'src', entry ? 'programs.ts' : 'index.ts');
        },
        // A module finds its files as if it still lay where it was written.
        transform: (code, file) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href)),
      },
    ],
  });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
  await bundle.close();
  return {
    url: (file) => pathToFileURL(join(folder, `${name(file)}.mjs`)).href,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
