import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The search of the built site without its box.
 * @param folder of the built site
 * @returns the names of all options that the documentation's tables list, and whether a word is found
 */
export async function searchFor(folder) {
  const minisearch = createRequire(join(root, 'site/package.json')).resolve('minisearch');
  const { default: MiniSearch } = await import(pathToFileURL(minisearch));
  const chunks = join(folder, 'assets/chunks');
  const file = readdirSync(chunks).find((name) => name.startsWith('@localSearchIndexroot'));
  const { default: index } = await import(pathToFileURL(join(chunks, file)));
  const search = MiniSearch.loadJSON(index, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
  });
  const tables = ['reference.md', 'reference/configuration.md'].flatMap((name) =>
    readFileSync(join(root, 'docs', name), 'utf8')
      .split('| option ')
      .slice(1),
  );
  const options = tables.flatMap((table) =>
    [...table.split('\n\n')[0].matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name),
  );
  return {
    options: [...new Set(options)],
    found: (word) => search.search(word, { combineWith: 'AND', prefix: true }).length > 0,
  };
}
