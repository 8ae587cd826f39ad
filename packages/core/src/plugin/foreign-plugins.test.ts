import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../errors.js';
import { loadPluginsOf, readConfiguration } from '../config/index.js';
import { loadPlugins } from './load-plugins.js';
import { emptyProject, installEcho, write } from './third-party.test.fixture.js';

/** A module that tells that it ran. */
const telling = (name: string) => `
globalThis.ran = [...(globalThis.ran ?? []), import.meta.url];
const shape = {};
const options = { _zod: { def: { type: 'object' } }, shape, safeExtend: () => options };
export const plugins = [{ kind: 'loss', name: '${name}', description: 'A hum.', options, create: () => ({}) }];
`;
const ran = (): string[] => (globalThis as { ran?: string[] }).ran ?? [];
let project: string;
let foreign: string;
beforeAll(async () => {
  project = await emptyProject();
  foreign = join(project, 'downloads/run');
  await installEcho(project);
  await write(project, 'mine.mjs', telling('mine'));
  await write(project, 'other/mine.mjs', telling('other'));
  await write(foreign, 'mine.mjs', telling('evil'));
  await write(foreign, 'evil.mjs', telling('evil'));
  for (const name of ['evil-package', '@promptweave/method-coop', 'promptweave-echo']) {
    await write(
      foreign,
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '6.6.6', main: 'evil.mjs' }),
    );
    await write(foreign, `node_modules/${name}/evil.mjs`, telling('evil'));
  }
  await symlink(join(foreign, 'evil.mjs'), join(project, 'downloads/link.mjs'));
});
afterAll(() => rm(project, { recursive: true }));
beforeEach(() => {
  delete (globalThis as { ran?: string[] }).ran;
  vi.spyOn(process, 'cwd').mockReturnValue(project);
});
afterEach(() => void vi.restoreAllMocks());

const load = (names: readonly string[], allowed: readonly string[] = [], folder = foreign) =>
  loadPlugins(names, folder, undefined, { allowed, place: foreign });
const code = "data:text/javascript,globalThis.ran=['data'];export const plugins=[]";

describe('a configuration from somewhere else', () => {
  it.each([
    './evil.mjs',
    'evil.mjs',
    '../link.mjs',
    '../../mine.mjs',
    'evil-package',
    'promptweave-echo',
    code,
    'http://127.0.0.1:9/x.mjs',
    'blob:nodedata:1',
    'node:fs',
    'fs',
    '',
    ' ',
    './..',
    'evil-package/../x',
    '#evil',
    'DATA:text/javascript,1',
    '\tdata:text/javascript,1',
  ])('loads nothing that the command does not allow: %s', async (name) => {
    for (const one of [name, pathToFileURL(join(foreign, 'evil.mjs')).href, join(foreign, 'evil.mjs')]) {
      const error: unknown = await load(['default', one].slice(1)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).remedy).toBeTruthy();
    }
    expect(ran()).toEqual([]);
  });

  it("gets promptweave's own plugins from promptweave, not from beside itself", async () => {
    const registry = await load(['@promptweave/method-coop']).catch((error: unknown) => error);
    expect(ran()).toEqual([]);
    expect(registry).not.toBeInstanceOf(TypeError);
  });

  it('loads a file that the command names, from where the command says', async () => {
    const registry = await load(['../../mine.mjs'], ['./mine.mjs']);
    expect(registry.entries.map(({ plugin }) => plugin.name)).toContain('mine');
    expect(ran()).toEqual([pathToFileURL(join(project, 'mine.mjs')).href]);
  });

  it("loads the user's own file of the same name, and never the one in the folder", async () => {
    const registry = await load(['./mine.mjs'], ['other/mine.mjs']);
    expect(registry.entries.map(({ plugin }) => plugin.name)).toContain('other');
    expect(ran()).toEqual([pathToFileURL(join(project, 'other/mine.mjs')).href]);
  });

  it('loads neither of two of that name', async () => {
    await expect(load(['./mine.mjs'], ['mine.mjs', 'other/mine.mjs'])).rejects.toThrow(/not run/);
  });

  it('loads an allowed package as it is installed here, not as it lies beside the configuration', async () => {
    await load(['promptweave-echo'], ['promptweave-echo']).catch(() => undefined);
    expect(ran()).toEqual([]);
  });

  it.each([
    ['../../mine.mjs', './mine.mjs'],
    ['./evil.mjs', 'PATH/evil.mjs'],
    ['some-package', 'some-package'],
  ])('says what to type for %s', async (name, typed) => {
    const error = (await load([name]).catch((reason: unknown) => reason)) as ConfigError;
    expect(error.remedy).toMatch(new RegExp(`--plugin ${typed.replace('.', '\\.')}$`));
  });

  it('may load what the command lists as an override', async () => {
    await write(foreign, 'config.yaml', 'plugins: [./evil.mjs]\n');
    const source = await readConfiguration(join(foreign, 'config.yaml'));
    const trust = { allowed: [], place: foreign };
    await expect(loadPluginsOf(source, foreign, [], undefined, trust)).rejects.toThrow(
      /config\.yaml:1:11: plugins\.0: .*not run/,
    );
    const { entries } = await loadPluginsOf(source, foreign, ['plugins=[./mine.mjs]'], undefined, trust);
    expect(entries.map(({ plugin }) => plugin.name)).toContain('mine'); // of the two of that name, the user's
  });
});

describe('a configuration of the user', () => {
  it.each<[string, RegExp]>([
    [code, /address of code, which is never loaded/],
    ['http://127.0.0.1:9/x.mjs', /address of code/],
    ['blob:nodedata:1', /address of code/],
    ['node:fs', /address of code/],
    ['fs', /part of Node\.js/],
    ['file://%zz/x.js', /plugin address "file:\/\/%zz\/x\.js" cannot be read/],
    ['file://host/x.js', /cannot be read/],
    ['file:///%2f', /cannot be read/],
    ['', /name of a plugin module is empty/],
    ['  ', /name of a plugin module is empty/],
    ['a\0b', /no name of a plugin module/],
    ['./folder', /is a folder/],
    ['.', /is a folder/],
    ['./nowhere.mjs', /There is no plugin file/],
    ['./mine.mjs/x.mjs', /There is no plugin file/],
    ['./data.json', /is JSON/],
    ['./broken.mjs', /failed to load: .*Error/],
    ['./null.mjs', /failed to load: null/],
    ['./strange.mjs', /thrown that is no error/],
    ['./missing-import.mjs', /failed to load: .*Cannot find package/],
    ['./trap.mjs', /looking at it fails: Error: trap/],
    ['./notes.txt', /There is no plugin file/],
    ['a b', /no name of an npm package/],
    ['@/x', /no name of an npm package/],
  ])('that lists %j is a mistake with a name and a place', async (name, message) => {
    await mkdir(join(project, 'folder'), { recursive: true });
    await write(project, 'data.json', '[]');
    await write(project, 'broken.mjs', 'export const = 1;');
    await write(project, 'null.mjs', 'throw null;');
    await write(project, 'strange.mjs', 'throw Object.create(null);');
    await write(project, 'missing-import.mjs', "import 'not-installed-at-all'; export const plugins = [];");
    await write(project, 'trap.mjs', "export const plugins = [{ get kind() { throw new Error('trap'); } }];");
    await write(project, 'user.yaml', `seed: 1\nplugins: [${JSON.stringify(name)}]\n`);
    const source = await readConfiguration(join(project, 'user.yaml'));
    const error: unknown = await loadPluginsOf(source, project).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(message);
    expect((error as ConfigError).message).toContain('user.yaml:2:11: plugins.0: ');
    expect(ran()).toEqual([]);
  });

  it('loads files by path and address as ever', async () => {
    for (const name of [
      'mine.mjs',
      './mine.mjs',
      join(project, 'mine.mjs'),
      pathToFileURL(join(project, 'mine.mjs')).href,
    ]) {
      const { entries } = await loadPlugins([name], project);
      expect(entries.map(({ plugin }) => plugin.name)).toContain('mine');
    }
  });

  it('loads a file beside a damaged package.json', async () => {
    await write(project, 'deep/package.json', '{ "version"');
    await write(project, 'deep/x.mjs', telling('deep'));
    const { entries } = await loadPlugins(['./deep/x.mjs'], project);
    expect(entries.map(({ plugin }) => plugin.name)).toContain('deep');
  });
});
