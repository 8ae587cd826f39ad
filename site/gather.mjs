// Gathers the pages of the site from where they are kept: the README, docs/, and the README of every package. A page is written once, in the
// place where a reader of the repository or of npm finds it; here only its links change.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = fileURLToPath(new URL('pages', import.meta.url));
const REPOSITORY = 'https://github.com/promptweave/promptweave/blob/main/';

const read = (path) => readFileSync(join(root, path), 'utf8');
const folders = (path) =>
  readdirSync(join(root, path)).filter((name) => statSync(join(root, path, name)).isDirectory());
const markdown = (path) => readdirSync(join(root, path)).filter((name) => name.endsWith('.md'));
const asIndex = (name) => (name === 'README.md' ? 'index.md' : name);

/** Where a page of the site is kept, by its path on the site. */
export const sources = new Map([
  ['index.md', 'README.md'],
  ['contributing.md', 'CONTRIBUTING.md'],
  ['security.md', 'SECURITY.md'],
  ['conduct.md', 'CODE_OF_CONDUCT.md'],
  ['changelog.md', 'CHANGELOG.md'],
  ['roadmap.md', 'ROADMAP.md'],
  ['licences-of-data.md', 'LICENSES-data.md'],
  ...markdown('docs').map((name) => [`guide/${name}`, `docs/${name}`]),
  ...folders('docs').flatMap((folder) =>
    markdown(`docs/${folder}`).map((name) => [`${folder}/${asIndex(name)}`, `docs/${folder}/${name}`]),
  ),
  ...folders('packages').map((name) => [`packages/${name}.md`, `packages/${name}/README.md`]),
  ['packages/promptweave.md', 'apps/cli/README.md'],
]);
const pageOf = new Map([...sources].map(([page, source]) => [source, page]));

/** A relative link of a source as it is on the site: to another page, to a copied picture, or into the repository. */
function linkFrom(source, page, target) {
  if (/^[a-z]+:|^#/i.test(target)) return target;
  const [path, anchor = ''] = target.split(/(?=#)/);
  const found = posix.normalize(posix.join(posix.dirname(source), path)).replace(/\/$/, '');
  if (!existsSync(join(root, found))) throw new Error(`${source}: ${target} leads nowhere`);
  const kept = [found, `${found}/README.md`].find((name) => pageOf.has(name));
  if (kept) return `${relativeTo(page, pageOf.get(kept))}${anchor}`;
  if (/^\.(svg|png|jpe?g|webp)$/.test(extname(found))) {
    const copy = join(pages, 'pictures', posix.basename(found));
    mkdirSync(dirname(copy), { recursive: true });
    if (existsSync(copy) && !readFileSync(copy).equals(readFileSync(join(root, found)))) {
      throw new Error(`${source}: another picture is called ${posix.basename(found)}, too`);
    }
    cpSync(join(root, found), copy);
    return relativeTo(page, `pictures/${posix.basename(found)}`);
  }
  return `${REPOSITORY}${found}${anchor}`;
}

function relativeTo(page, target) {
  const path = relative(dirname(page), target).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The text with other links; what stands in code stays. */
function withLinks(text, source, page) {
  const pieces = text.split(/(^```[^]*?^```$|`[^`\n]*`(?!\]))/m);
  return pieces
    .map(
      (piece, i) =>
        i % 2 === 1
          ? piece
          : piece
              .replace(
                /(\]\()([^)\s]+)(\))/g,
                (_, open, target, close) => open + linkFrom(source, page, target) + close,
              )
              .replaceAll(/(?<=\d) ± (?=\d)/g, '\u00a0±\u00a0'), // a number and its deviation stay on one line
    )
    .join('');
}

rmSync(pages, { recursive: true, force: true });
for (const [page, source] of sources) {
  const file = join(pages, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, withLinks(read(source), source, page));
}
console.log(`${sources.size} pages`);
