import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from './pages.js';

const page = readFileSync(`${root}docs/troubleshooting.md`, 'utf8');

/** Names of the exported classes of errors in the sources of a package. */
function errorsOf(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
    .flatMap((name) => [
      ...readFileSync(`${root}${folder}/${name}`, 'utf8').matchAll(
        /^export class (\w+) extends (?:PromptweaveError|ConfigError|MlflowError)\b/gm,
      ),
    ])
    .map(([, name]) => name!);
}

it.each(['core', 'runtime', 'datasets', 'tracking', 'mlflow-js-client', 'bench', 'backbone-clip', 'export'])(
  'each class of errors of %s stands in the page',
  (name) => {
    expect(errorsOf(`packages/${name}/src`).filter((error) => !page.includes(`\`${error}\``))).toEqual([]);
  },
);

it('finds the classes', () => {
  expect(errorsOf('packages/core/src')).toContain('DatasetError');
});
