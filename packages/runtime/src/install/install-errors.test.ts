import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ensureRuntime } from '../ensure.js';
import { useEmptyCache } from '../testing-cache.fixture.js';
import { diskErrorOr, requireDiskSpace } from './disk-space.js';
import { installRuntime, type InstallOptions } from './install.js';
import { listRuntimes, removeRuntime } from './installation.js';
import { wheelPlatform } from './platform.js';
import { tfjsVersion } from './tfjs-node-package.js';

const cache = useEmptyCache();

/** What an installation fails with; nothing may be left in the cache. */
async function failure(
  options: InstallOptions = {},
): Promise<{ name: string; message: string; where: string; remedy: string }> {
  const error: unknown = await installRuntime(options).then(
    () => new Error('it succeeded'),
    (cause: unknown) => cause,
  );
  expect(await listRuntimes()).toEqual([]);
  expect(await readdir(join(cache(), 'runtime', '.store')).catch(() => [])).toEqual([]);
  return error as { name: string; message: string; where: string; remedy: string };
}

/** A folder such as site-packages with TensorFlow in it, of which `damage` may change files after they were recorded. */
async function unpackedWheel(damage: (files: Map<string, string>) => void): Promise<string> {
  const files = new Map([
    ['tensorflow_cpu-2.21.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: tensorflow_cpu\nVersion: 2.21.0\n'],
    ...wheelPlatform().libraries.map((library): [string, string] => [library, `not really ${library}`]),
    ['tensorflow/include/tensorflow/c/c_api.h', '#error "not really the API"'],
  ]);
  const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
  const record = [...files].map(([file, text]) => `${file},sha256=${digest(text)},${text.length}`);
  files.set(
    'tensorflow_cpu-2.21.0.dist-info/RECORD',
    [...record, 'tensorflow_cpu-2.21.0.dist-info/RECORD,,'].join('\n'),
  );
  damage(files);
  const folder = join(cache(), 'site-packages');
  for (const [file, text] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

test('without a compiler nothing is downloaded, and the message says how to get one', async () => {
  vi.stubEnv('CXX', undefined);
  vi.stubEnv('PATH', cache());
  expect(await failure()).toMatchObject({
    name: 'BackendError',
    message: 'The native backend needs a C++ compiler, and none was found.',
    remedy: expect.stringContaining('sudo apt-get install g++') as string,
  });
});

test('a compiler named in CXX that does not run is named', async () => {
  vi.stubEnv('CXX', '/nonexistent/c++');
  expect((await failure()).message).toContain('CXX=/nonexistent/c++ does not run');
});

test('without Python', async () => {
  vi.stubEnv('PROMPTWEAVE_PYTHON', '/nonexistent/python3');
  expect(await failure()).toMatchObject({
    name: 'BackendError',
    message: "TensorFlow's libraries are downloaded with pip, but there is no Python.",
    remedy: expect.stringMatching(/apt-get install python3 python3-pip.*brew install python.*--from WHEEL/) as string,
  });
});

test('a Python without pip', async () => {
  const python = join(cache(), 'python3');
  await writeFile(python, '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n', { mode: 0o755 });
  vi.stubEnv('PROMPTWEAVE_PYTHON', python);
  expect((await failure()).message).toContain(`${python} has no pip`);
});

test('without a network, the way out is a wheel given by hand', async () => {
  vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
  vi.stubEnv('PIP_RETRIES', '1');
  vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
  vi.stubEnv('PIP_FIND_LINKS', undefined);
  expect(await failure()).toMatchObject({
    name: 'BackendError',
    message: 'pip could not reach its package index to download tensorflow-cpu==2.21.0.',
    remedy: expect.stringContaining('npx promptweave runtime install --from WHEEL') as string,
  });
});

test('a download that comes damaged is tried again, three times in all', async () => {
  const python = join(cache(), 'python3');
  const tried = join(cache(), 'tried');
  const says = 'THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE';
  const script = `#!/bin/sh\n[ "$3" = --version ] && exit 0\necho >>${tried}\necho "${says}" >&2\nexit 1\n`;
  await writeFile(python, script, { mode: 0o755 });
  vi.stubEnv('PROMPTWEAVE_PYTHON', python);
  expect((await failure()).message).toContain('does not have the hash that the index gives, 3 times.');
  expect(await readFile(tried, 'utf8')).toBe('\n\n\n');
});

test('a file that is no wheel', async () => {
  const file = join(cache(), 'tensorflow_cpu-2.21.0.whl');
  await writeFile(file, 'a page that a proxy gave instead');
  expect(await failure({ from: file })).toMatchObject({ name: 'BackendError', where: file });
  expect((await failure({ from: file })).message).toBe(
    'The wheel tensorflow_cpu-2.21.0.whl is broken: it is not a readable zip file.',
  );
});

test('a library with another content than the wheel records is refused', async () => {
  const library = wheelPlatform().libraries[1];
  const from = await unpackedWheel((files) => files.set(library, 'Not really it'));
  expect((await failure({ from })).message).toBe(
    `The wheel site-packages is broken: ${library} in it does not have the SHA-256 that its RECORD gives.`,
  );
});

test('a wheel that lost its library on the way is refused', async () => {
  const library = wheelPlatform().libraries[0];
  const from = await unpackedWheel((files) => files.delete(library));
  expect((await failure({ from })).message).toBe(`The wheel site-packages is broken: it holds no ${library}.`);
});

test('a wheel for another kind of machine is refused', async () => {
  const from = await unpackedWheel((files) =>
    files.set('tensorflow_cpu-2.21.0.dist-info/RECORD', 'tensorflow_cpu-2.21.0.dist-info/RECORD,,'),
  );
  expect((await failure({ from })).message).toContain(
    `site-packages is not a wheel of TensorFlow for ${process.platform}-${process.arch}`,
  );
});

test('where the compiler fails, its words are shown', async () => {
  const from = await unpackedWheel(() => undefined);
  const error = await failure({ from });
  expect(error.name).toBe('BackendError');
  expect(error.message).toMatch(/could not compile the binding of TensorFlow:[^]*not really the API/);
});

test('an archive of tfjs-node-gpu beside the wheel is taken, and refused where it is not the published one', async () => {
  const from = await unpackedWheel(() => undefined);
  const archive = join(from, `tensorflow-tfjs-node-gpu-${tfjsVersion}.tgz`);
  await writeFile(archive, 'cut off on the way');
  expect(await failure({ from })).toMatchObject({
    name: 'BackendError',
    message: expect.stringContaining('its SHA-512 is not that of the published package') as string,
    where: archive,
  });
});

test('without npm, the way out is an archive given by hand', async () => {
  const from = await unpackedWheel(() => undefined);
  const compiler = join(cache(), 'c++');
  await writeFile(compiler, '#!/bin/sh\necho 1', { mode: 0o755 });
  vi.stubEnv('CXX', compiler);
  vi.stubEnv('PATH', cache());
  expect(await failure({ from })).toMatchObject({
    name: 'BackendError',
    message: expect.stringMatching(/^npm could not fetch @tensorflow\/tfjs-node-gpu@[\d.]+: .*ENOENT/) as string,
    remedy: expect.stringContaining('npx promptweave runtime install --from FOLDER') as string,
  });
});

test.each(['/nonexistent', '/'])('--from %s, where no wheel is', async (from) => {
  expect(await failure({ from })).toMatchObject({ name: 'BackendError', where: '--from' });
});

test('a disk that is too small is refused before the download', async () => {
  await expect(requireDiskSpace(cache(), 1e18)).rejects.toThrow(
    /^No space left on the disk of the cache: 1000000000\.0 GB are needed, [\d.]+ GB are free\.$/,
  );
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  expect(diskErrorOr(full, '/cache', () => new Error('other'))).toMatchObject({
    name: 'BackendError',
    where: '/cache',
    remedy: expect.stringContaining('PROMPTWEAVE_CACHE') as string,
  });
});

test('machines without a native TensorFlow, and the way out', () => {
  expect(() => wheelPlatform('win32', 'x64')).toThrow('There is no native TensorFlow for win32-x64.');
  try {
    wheelPlatform('win32', 'x64');
  } catch (error) {
    expect(error).toMatchObject({ remedy: expect.stringContaining('WSL') as string });
  }
  expect(wheelPlatform('linux', 'arm64').distribution).toBe('tensorflow');
  expect(wheelPlatform('darwin', 'arm64').libraries[0]).toBe('tensorflow/libtensorflow_cc.2.dylib');
});

test('removing what is not there names what is', async () => {
  expect(await removeRuntime()).toEqual([]);
  await expect(removeRuntime('1.0.0-cpu-linux-x64')).rejects.toMatchObject({
    name: 'BackendError',
    remedy: 'The cache holds none.',
  });
});

test('rubbish and links to nothing are listed as unusable, and removed', async () => {
  const runtime = join(cache(), 'runtime');
  await mkdir(join(runtime, '.store', 'rubbish'), { recursive: true });
  await symlink('.store/gone', join(runtime, '2.20.0-cpu-linux-x64'));
  expect(await listRuntimes()).toMatchObject([
    { name: '2.20.0-cpu-linux-x64', problem: expect.stringContaining('ENOENT') as string },
  ]);
  await removeRuntime('2.20.0-cpu-linux-x64');
  expect(await listRuntimes()).toEqual([]);
  expect(await readdir(join(runtime, '.store'))).toEqual([]);
});

test('where the installation cannot be done, ensure goes on and says so loudly', async () => {
  vi.stubEnv('PATH', ['/nonexistent'].join(delimiter));
  vi.stubEnv('CXX', undefined);
  const { installed, installation, warning } = await ensureRuntime();
  expect({ installed, installation }).toEqual({ installed: false, installation: undefined });
  expect(warning).toMatch(/^WARNING: the native TensorFlow backend could not be installed. Going on with WebAssembly/);
  expect(warning).toContain('none was found');
  expect(warning).toContain('sudo apt-get install g++');
});

test('who wants wasm gets no installation and no warning', async () => {
  vi.stubEnv('PROMPTWEAVE_BACKEND', 'wasm');
  vi.stubEnv('PATH', '/nonexistent');
  expect(await ensureRuntime()).toEqual({ installed: false });
});
