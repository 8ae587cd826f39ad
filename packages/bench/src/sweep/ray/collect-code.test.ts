import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectPackages } from './collect-code.js';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'collect-'))));
afterEach(() => rmSync(root, { recursive: true }));

/** Installs a package of one file at the top, or inside another. */
function install(name: string, needs: object = {}, within = ''): void {
  const folder = join(root, within, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, ...needs }));
  writeFileSync(join(folder, 'index.js'), '');
}

const collected = (): string[] =>
  collectPackages(join(root, 'node_modules/promptweave'))
    .map(({ path }) => path)
    .filter((path) => path.endsWith('index.js'))
    .map((path) => path.slice('node_modules/'.length, -'/index.js'.length))
    .sort();

it('peers come along, also those that only a peer needs; of the optional ones ours, where they are installed', () => {
  install('promptweave', { dependencies: { plugin: '*' } });
  install('plugin', {
    peerDependencies: { core: '*', vitest: '*', '@promptweave/data': '*', '@promptweave/absent': '*' },
    peerDependenciesMeta: {
      vitest: { optional: true },
      '@promptweave/data': { optional: true },
      '@promptweave/absent': { optional: true },
    },
  });
  install('core', { peerDependencies: { zod: '*' } });
  for (const name of ['zod', 'vitest', '@promptweave/data', 'unused']) install(name);
  expect(collected()).toEqual(['@promptweave/data', 'core', 'plugin', 'promptweave', 'zod']);
});

it('a peer that is missing is named with who needs it', () => {
  install('promptweave', { dependencies: { plugin: '*' } });
  install('plugin', { peerDependencies: { core: '*' } });
  expect(collected).toThrow('The package core, which plugin needs, is not installed.');
});

it('an optional dependency may be missing, a second version goes inside its user', () => {
  install('promptweave', { dependencies: { a: '*', b: '*', os: '*' }, optionalDependencies: { os: '*' } });
  install('a', { dependencies: { b: '*' } });
  install('b');
  install('b', {}, 'node_modules/a');
  expect(collected()).toEqual(['a', 'a/node_modules/b', 'b', 'promptweave']);
});
