import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCopies } from './find-copies.js';
import { loadPlugins } from './load-plugins.js';
import { ourCopy, type SharedPackage } from './package-copies.js';
import { PluginError } from './plugin-error.js';
import { emptyProject, installEcho, write } from './third-party.test.fixture.js';

const require = createRequire(import.meta.url);
const core = dirname(fileURLToPath(new URL('../../package.json', import.meta.url)));
const folderOf = (name: string) =>
  name === '@promptweave/core' ? core : dirname(require.resolve(`${name}/package.json`));

const doors = {
  '@promptweave/core': { '.': './lib/index.js', './testing': './lib/testing/index.js' },
  '@tensorflow/tfjs-core': './index.js',
  zod: './index.js',
};
let project: string;
let echo: string;
beforeEach(async () => {
  project = await emptyProject();
  await installEcho(project);
  echo = join(project, 'node_modules/promptweave-echo');
});
afterEach(() => rm(project, { recursive: true }));

/** Installs a copy of a package in a folder: of core the code, of others a door to the original. */
async function copyPackage(name: SharedPackage, folder: string, version: string): Promise<string> {
  const place = join(folder, 'node_modules', name);
  await write(place, 'package.json', JSON.stringify({ name, version, type: 'module', exports: doors[name] }));
  if (name !== '@promptweave/core') {
    await write(place, 'index.js', `export * from ${JSON.stringify(pathToFileURL(require.resolve(name)).href)};`);
    return place;
  }
  await cp(join(core, 'lib'), join(place, 'lib'), { recursive: true });
  await symlink(dirname(folderOf('zod')), join(place, 'node_modules'), 'junction');
  return place;
}

async function errorOf(work: Promise<unknown>): Promise<PluginError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PluginError);
  return error as PluginError;
}

/** A plugin without options of zod's making. */
const hum = `
const shape = {};
const options = { _zod: { def: { type: 'object' } }, shape, safeExtend: () => options };
export const plugins = [{ kind: 'loss', name: 'hum', description: 'A hum.', options, create: () => ({}) }];
`;

describe.each<SharedPackage>(['@promptweave/core', '@tensorflow/tfjs-core', 'zod'])('a second copy of %s', (name) => {
  it.each(['0.0.7', 'same'])(
    'in a plugin is told with both places and both versions, and what to do (%s)',
    async (other) => {
      const ours = ourCopy(name);
      const version = other === 'same' ? ours.version : other;
      const place = await copyPackage(name, echo, version);
      const error = await errorOf(loadPlugins(['promptweave-echo'], project));
      expect(error.message).toBe(
        `There are two copies of ${name}: ${version} in ${place}, which the plugin module promptweave-echo uses, and ${ours.version} in ${folderOf(name)}, which promptweave uses.`,
      );
      expect(error.remedy).toContain(`Make ${name} a peer dependency of promptweave-echo`);
      expect(error.remedy).toContain('npm dedupe');
      expect(error.exitCode).toBe(2);
      const [found, ...others] = await findCopies(project);
      expect(found?.message).toBe(error.message);
      expect(others).toEqual([]);
    },
  );

  it('of which the plugin makes no use does not matter', async () => {
    await copyPackage(name, echo, '0.0.7');
    await write(echo, 'echo.js', `// import '${name}'\n${hum}`);
    await write(echo, 'echo.test.js', `import '${name}';`);
    expect((await loadPlugins(['promptweave-echo'], project)).names('loss')).toContain('hum');
    expect(await findCopies(project)).toEqual([]);
  });

  it.each([
    ['a file that it imports', `import './lib/a.js';`, { 'lib/a.js': `import '${name}';` }],
    ['an import when it runs', `await import('${name}');`, {}],
    ['a require', `import './a.cjs';`, { 'a.cjs': `module.exports = () => require('${name}');` }],
    ['what it passes on', `export * from '${name}';`, {}],
  ])('is found in %s', async (_, code, files) => {
    await copyPackage(name, echo, '0.0.7');
    await write(echo, 'echo.js', code + hum);
    for (const [file, text] of Object.entries<string>(files)) await write(echo, file, text);
    expect((await errorOf(loadPlugins(['promptweave-echo'], project))).message).toContain(`two copies of ${name}`);
  });
});

it('is told rather than that it lacks what the plugin imports', async () => {
  const place = await copyPackage('@promptweave/core', echo, '0.0.7');
  await write(place, 'lib/index.js', 'export const old = 1;');
  const { message } = await errorOf(loadPlugins(['promptweave-echo'], project));
  expect(message).toContain('There are two copies of @promptweave/core: 0.0.7 in');
});

it('is told of the door for tests, too', async () => {
  await copyPackage('@promptweave/core', echo, '0.0.7');
  await write(echo, 'echo.js', `import '@promptweave/core/testing';${hum}`);
  expect((await findCopies(project))[0]?.message).toContain('two copies of @promptweave/core');
});

it('of a file of one’s own is told with what to install beside it', async () => {
  await write(project, 'mine/hum.mjs', `import 'zod';${hum}`);
  expect((await loadPlugins(['./mine/hum.mjs'], project)).names('loss')).toContain('hum');
  await copyPackage('zod', join(project, 'mine'), '3.25.0');
  const { message, remedy } = await errorOf(loadPlugins(['./mine/hum.mjs'], project));
  expect(message).toContain(`zod: 3.25.0 in ${join(project, 'mine/node_modules/zod')}, which the plugin module ./mine`);
  expect(remedy).toContain(`npm install zod@${ourCopy('zod').version}`);
});

describe('of a package that another package of the plugin uses', () => {
  const helper = (dependencies: object) =>
    write(echo, 'node_modules/helper/package.json', JSON.stringify({ name: 'helper', version: '1.0.0', dependencies }));
  beforeEach(async () => {
    await write(echo, 'echo.js', `import 'helper';${hum}`);
    await write(echo, 'node_modules/helper/index.js', '');
  });

  it('is told where tensors pass', async () => {
    await helper({ '@tensorflow/tfjs-core': '3' });
    expect(await findCopies(project)).toEqual([]);
    await copyPackage('@tensorflow/tfjs-core', join(echo, 'node_modules/helper'), '3.0.0');
    expect((await errorOf(loadPlugins(['promptweave-echo'], project))).message).toContain('tfjs-core: 3.0.0 in');
  });

  it('does not matter where it is the package’s own zod', async () => {
    await helper({ zod: '3' });
    await copyPackage('zod', join(echo, 'node_modules/helper'), '3.25.0');
    expect((await loadPlugins(['promptweave-echo'], project)).names('loss')).toContain('hum');
  });
});

describe('of a linked package', () => {
  let elsewhere: string;
  beforeEach(async () => {
    elsewhere = await emptyProject();
    await rename(echo, join(elsewhere, 'echo'));
    await symlink(join(elsewhere, 'echo'), echo, 'junction');
  });
  afterEach(() => rm(elsewhere, { recursive: true }));

  it('is told with what to do about links', async () => {
    const place = await copyPackage('zod', join(elsewhere, 'echo'), '4.0.0');
    await installEcho(elsewhere, ['@promptweave/core', '@tensorflow/tfjs-core']);
    const { message, remedy } = await errorOf(loadPlugins(['promptweave-echo'], project));
    expect(message).toContain(`zod: 4.0.0 in ${place}`);
    expect(remedy).toContain(`promptweave-echo is a link to ${join(elsewhere, 'echo')}`);
    expect(remedy).toContain(`npm link ${folderOf('zod')}`);
  });

  it('is none where its packages are links to ours', async () => {
    await installEcho(elsewhere);
    expect((await loadPlugins(['promptweave-echo'], project)).names('prompt')).toContain('echo');
  });
});

describe('where pnpm installs', () => {
  const store = (path: string) => join(project, 'node_modules/.pnpm', path);
  beforeEach(async () => {
    await mkdir(store('promptweave-echo@1.0.0/node_modules'), { recursive: true });
    await rename(echo, store('promptweave-echo@1.0.0/node_modules/promptweave-echo'));
    await symlink(store('promptweave-echo@1.0.0/node_modules/promptweave-echo'), echo, 'junction');
  });

  it('a plugin beside links to our packages uses ours, whatever lies at the top', async () => {
    await installEcho(store('promptweave-echo@1.0.0'));
    await rm(join(project, 'node_modules/zod'));
    await copyPackage('zod', project, '3.25.0');
    expect((await loadPlugins(['promptweave-echo'], project)).names('prompt')).toContain('echo');
  });

  it('one beside a link to another copy does not', async () => {
    await installEcho(store('promptweave-echo@1.0.0'), ['@promptweave/core', '@tensorflow/tfjs-core']);
    const place = await copyPackage('zod', store('zod@4.0.0'), '4.0.0');
    await symlink(place, store('promptweave-echo@1.0.0/node_modules/zod'), 'junction');
    expect((await errorOf(loadPlugins(['promptweave-echo'], project))).message).toContain(`zod: 4.0.0 in ${place}`);
  });
});

it('is found from a folder below, and where a file of one’s own would use it; nothing is run', async () => {
  await write(project, 'deep/er/x.txt', '');
  expect(await findCopies(join(project, 'deep/er'))).toEqual([]);
  await write(echo, 'echo.js', `import 'zod'; throw new Error('run');`);
  await copyPackage('zod', echo, '3.1.0');
  await copyPackage('zod', join(project, 'deep'), '3.2.0');
  const messages = (await findCopies(join(project, 'deep/er'))).map(({ message }) => message);
  expect(messages).toEqual([
    expect.stringMatching(/zod: 3\.1\.0 in .*, which the plugin module promptweave-echo uses, and/),
    expect.stringContaining(
      `, which a plugin file in ${join(project, 'deep/er')} would use, and ${ourCopy('zod').version}`,
    ),
  ]);
});
