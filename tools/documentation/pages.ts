import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lexer, walkTokens, type Token } from 'marked';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the documentation. */
export interface Page {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A page that npm shows by itself, beside a package's name. */
export interface PackagePage extends Page {
  /** The package's folder, from the root of the repository. */
  readonly folder: string;
  readonly name: string;
}

const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The README of every package. */
export const packagePages: readonly PackagePage[] = ['packages', 'apps']
  .flatMap((room) => readdirSync(`${root}${room}`).map((name) => `${room}/${name}`))
  .filter((folder) => existsSync(`${root}${folder}/package.json`))
  .map((folder) => {
    const { name } = JSON.parse(read(`${folder}/package.json`)) as { readonly name: string };
    const path = `${folder}/README.md`;
    return { path, folder, name, text: existsSync(`${root}${path}`) ? read(path) : '' };
  });

/** All pages: those of the repository, and the packages' own. */
export const pages: readonly Page[] = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'ROADMAP.md', 'LICENSES-data.md', ...docs()].map((path) => ({
    path,
    text: read(path),
  })),
  ...packagePages,
];

function docs(): string[] {
  return readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`);
}

/** All pieces of a page, outer ones before inner ones. */
export function piecesOf(text: string): Token[] {
  const pieces: Token[] = [];
  walkTokens(lexer(text), (token) => void pieces.push(token));
  return pieces;
}
