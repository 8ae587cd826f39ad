import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { piecesOf, root, type PackagePage, type Page } from './pages.js';

/** Where the repository is shown; its pages have absolute addresses below it. */
const HOME = /^https:\/\/github\.com\/promptweave\/promptweave(?:\/(?:blob|tree)\/main\/([^#]*)|(?=#|$))/;

/** What is wrong with the links and images of a page: files and headings that are not there. */
export function faultsOfLinks({ path, text }: Page): string[] {
  return targetsOf(text).flatMap((target) => {
    const file = fileOf(target, path);
    if (file === undefined) return [];
    if (!existsSync(`${root}${file}`)) return [`${target}: there is no ${file}.`];
    const [, heading] = target.split('#');
    const page = file === path ? text : readPage(file);
    return heading === undefined || page === undefined || headingsOf(page).includes(heading)
      ? []
      : [`${target}: ${file} has no such heading.`];
  });
}

/** Links of a package's page that lead out of what is published of the package, and are not absolute. */
export function linksOutOf({ folder, path, text }: PackagePage): string[] {
  const { files } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as { readonly files: string[] };
  const published = files.map((file) => posix.join(folder, file));
  return targetsOf(text).filter((target) => {
    if (/^(https:|#)/.test(target)) return false;
    const file = fileOf(target, path);
    return file === undefined || !published.some((own) => file === own || file.startsWith(`${own}/`));
  });
}

function targetsOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) => {
    if (piece.type === 'link' || piece.type === 'image') return [piece.href as string];
    return piece.type === 'html' ? [...piece.raw.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, target]) => target!) : [];
  });
}

/** The file of this repository that a link leads to, from its root. */
function fileOf(target: string, from: string): string | undefined {
  const home = HOME.exec(target);
  if (home) return home[1] === undefined ? 'README.md' : home[1].replace(/\/$/, '');
  if (/^[a-z]+:/i.test(target)) return undefined;
  const [place] = target.split('#');
  return place === '' ? from : posix.join(posix.dirname(from), place!);
}

/** The page that is shown at a path: a folder's is its README. */
function readPage(path: string): string | undefined {
  const file = [path, `${path}/README.md`].find((name) => name.endsWith('.md') && existsSync(`${root}${name}`));
  return file === undefined ? undefined : readFileSync(`${root}${file}`, 'utf8');
}

/** The names by which the headings of a page are linked. */
function headingsOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) =>
    piece.type === 'heading'
      ? [
          (piece.text as string)
            .toLowerCase()
            .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
            .replaceAll(' ', '-'),
        ]
      : [],
  );
}
