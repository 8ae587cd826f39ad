import { cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coreVersion } from '../training/version.js';
import { contractsVersion, majorOf } from './contracts-version.js';
import { loadPlugins } from './load-plugins.js';
import { PluginError } from './plugin-error.js';
import { emptyProject, installEcho, write } from './third-party.test.fixture.js';

const require = createRequire(import.meta.url);
let project: string;
beforeEach(async () => {
  project = await emptyProject();
  await installEcho(project);
});
afterEach(() => rm(project, { recursive: true }));

/** A plugin that is no call of definePlugin. */
const plain = (what: string) => `
const shape = {};
const options = { _zod: { def: { type: 'object' } }, shape, safeExtend: () => options };
export const plugins = [{ kind: 'loss', name: 'hum', description: 'A hum.', options, create: () => ({}), ${what} }];
`;
const [ours] = contractsVersion.split('.').map(Number) as [number];
const error = (name: string): Promise<PluginError> =>
  loadPlugins([name], project).then(
    () => expect.fail('it is loaded'),
    (reason: PluginError) => reason,
  );

it('a plugin has the version of the contracts of the core that it was defined by', async () => {
  const { entries } = await loadPlugins(['promptweave-echo'], project);
  expect(entries.at(-1)!.plugin.contracts).toBe(contractsVersion);
});

it('one of a core with other contracts is refused in a sentence, rather than for its copy of core', async () => {
  const place = join(project, 'node_modules/promptweave-echo/node_modules/@promptweave/core');
  const core = dirname(fileURLToPath(new URL('../../package.json', import.meta.url)));
  const manifest = JSON.parse(await readFile(join(core, 'package.json'), 'utf8')) as object;
  await write(place, 'package.json', JSON.stringify({ ...manifest, version: '9.0.0' }));
  await cp(join(core, 'lib'), join(place, 'lib'), { recursive: true });
  await symlink(dirname(dirname(require.resolve('zod/package.json'))), join(place, 'node_modules'), 'junction');
  const line = `const contractsVersion = "${contractsVersion}"`;
  const files = await readdir(join(place, 'lib'));
  const codes = await Promise.all(files.map((file) => readFile(join(place, 'lib', file), 'utf8').catch(() => '')));
  const at = codes.findIndex((code) => code.includes(line));
  await write(place, `lib/${files[at]!}`, codes[at]!.replace(line, `const contractsVersion = "${ours + 8}.0"`));
  const refused = await error('promptweave-echo');
  expect(refused).toBeInstanceOf(PluginError);
  expect(refused.message).toBe(
    `The prompt learner "echo" of promptweave-echo is made for version ${ours + 8}.0 of promptweave's contracts with plugins, and @promptweave/core ${coreVersion} has version ${contractsVersion}.`,
  );
  expect(refused.remedy).toBe(
    `Install a newer promptweave (npm install @promptweave/core@latest promptweave@latest), or install a version of promptweave-echo that is made for version ${ours}.`,
  );
});

describe('a plugin that is a plain object', () => {
  it.each([`contracts: '${contractsVersion}'`, `contracts: '${ours}.99'`, `contracts: '${ours}'`, 'x: 1'])(
    'is loaded with %s',
    async (what) => {
      await write(project, 'hum.mjs', plain(what));
      expect((await loadPlugins(['./hum.mjs'], project)).names('loss')).toContain('hum');
    },
  );

  it('is refused where it says that it is made for older ones, even if its kind is not known any more', async () => {
    await write(project, 'hum.mjs', plain(`contracts: '${ours - 1}.7', kind: 'regularizer'`));
    const { message, remedy, exitCode } = await error('./hum.mjs');
    expect(message).toContain(`The plugin "hum" of ./hum.mjs is made for version ${ours - 1}.7`);
    expect(remedy).toBe(`Change ./hum.mjs to version ${ours} of the contracts.`);
    expect(exitCode).toBe(2);
  });

  it.each(["'latest'", '1', "''", 'null', "'1.x'"])('is refused where its version is %s', async (version) => {
    await write(project, 'hum.mjs', plain(`contracts: ${version}`));
    expect((await error('./hum.mjs')).message).toContain('contracts of "hum" must be a version such as');
  });
});

it.each([
  ['1', 1],
  ['12.3', 12],
  ['1.2.3', 1],
  ['1.', undefined],
  ['v1', undefined],
  ['', undefined],
  [1, undefined],
])('the first number of %j is %j', (version, major) => expect(majorOf(version)).toBe(major));
