import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packagePages, root } from './pages.js';

const page = readFileSync(`${root}docs/troubleshooting.md`, 'utf8');

/** Names of the exported classes of errors in the sources of a package. */
function errorsOf(folder: string): string[] {
  if (!existsSync(`${root}${folder}`)) return [];
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
    .flatMap((name) => [
      ...readFileSync(`${root}${folder}/${name}`, 'utf8').matchAll(
        /^export class (\w+) extends (?:PromptweaveError|ConfigError|MlflowError)\b/gm,
      ),
    ])
    .map(([, name]) => name!);
}

/** The cells of a class's row: what it is about, and cause and cure. */
function rowOf(error: string): string[] {
  const line = page.split('\n').find((text) => text.startsWith('|') && text.split('|')[1]!.includes(`\`${error}\``));
  return (line ?? '')
    .split('|')
    .slice(2, -1)
    .map((text) => text.trim());
}

it.each(packagePages.map(({ folder }) => folder).filter((folder) => errorsOf(`${folder}/src`).length > 0))(
  'each class of errors of %s stands in the page, with cause and cure',
  (folder) => {
    expect(errorsOf(`${folder}/src`).filter((error) => rowOf(error).filter(Boolean).length < 2)).toEqual([]);
  },
);

it('finds the classes', () => {
  expect(errorsOf('packages/core/src')).toContain('DatasetError');
});
