import { piecesOf, type PackagePage } from './pages.js';

/** Commands and places that are in the repository alone. */
const WORKSPACE = [
  /\bnpm (ci|test|run)\b/,
  /\bnpx (vitest|nx|tsc|eslint|oxfmt)\b/,
  /(^|[\s(])\.\.?\/?(shared|docs|packages|apps|tools|examples)\//m,
  /(^|[\s(])(docs|packages|apps|tools|examples|fixtures|scripts|src)\//m,
];

/** What of a package's page means nothing to somebody who has the package from npm. */
export function workspaceOnly(text: string): string[] {
  return piecesOf(text).flatMap((piece) => {
    if (piece.type !== 'code' && piece.type !== 'codespan') return [];
    const code = piece.text as string;
    return WORKSPACE.some((pattern) => pattern.test(code)) ? [code] : [];
  });
}

/** Whether a page says how its package comes into a project. */
export function saysHowToInstall({ name, text }: PackagePage): boolean {
  const packages = piecesOf(text).flatMap((piece) =>
    piece.type === 'code' ? [...(piece.text as string).matchAll(/^npm install (.*)$/gm)] : [],
  );
  return packages.some(([, names]) => names!.replace(/\s#.*/, '').split(/\s+/).includes(name));
}

/** Whether a page shows how its package is used: a configuration, a program or commands, besides its installation. */
export function showsUse(text: string): boolean {
  return piecesOf(text).some(
    (piece) =>
      piece.type === 'code' && piece.lang !== 'math' && !/^npm install [^\n]*$/.test((piece.text as string).trim()),
  );
}
