import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { layout } from './compile-binding.js';
import { lastLines } from './pip.js';

const packageName = '@tensorflow/tfjs-node-gpu';

/** The version of TensorFlow.js that this package runs with; tfjs-node-gpu must be of the same. */
export const tfjsVersion: string = (
  createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json') as { version: string }
).version;

/** What npm calls the archive of a package. */
const archiveName = `tensorflow-tfjs-node-gpu-${tfjsVersion}.tgz`;

/** SHA-512 of the published archives, as npm's lock files have them. One of that name with another content is refused. */
const knownArchives: Readonly<Record<string, string>> = {
  'tensorflow-tfjs-node-gpu-4.22.0.tgz':
    'p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
};

/** The backend, its kernels, and the binding's sources; not the package's start-up code, image and model readers. */
const partsThatRun = [
  'package.json',
  'binding',
  'dist/nodejs_kernel_backend.js',
  'dist/int64_tensors.js',
  'dist/register_all_kernels.js',
  'dist/kernels',
];

/**
 * Puts the kernels and the binding's C++ sources of tfjs-node-gpu (0.2 MB) into an installation. The package is fetched with
 * `npm pack` and not installed: what it depends on is 250 MB that nobody needs, and its install script downloads TensorFlow anew.
 * No script of it is ever run.
 *
 * `@tensorflow/tfjs` and `-core` beside it are one line each, which hands out the caller's instance (see native/load.js).
 *
 * @param given a folder where the archive may lie already, for machines without a network
 */
export async function placeTfjsNode(folder: string, given?: string): Promise<void> {
  const work = join(folder, 'npm');
  await mkdir(work, { recursive: true });
  const own = given && (await readdir(given)).includes(archiveName) ? join(given, archiveName) : undefined;
  const source = await unpack(own ?? (await fetchArchive(work)), work);
  const target = join(folder, layout.package);
  for (const part of partsThatRun) {
    await cp(join(source, part), join(target, part), {
      recursive: true,
      filter: (file) => !/(_test\.js|\.d\.ts)$/.test(file),
    });
  }
  // The backend loads these messages for TensorBoard's summaries only, which promptweave does not write; they need google-protobuf.
  await mkdir(join(target, 'dist', 'proto'));
  await writeFile(join(target, 'dist', 'proto', 'api_pb.js'), 'module.exports = {};\n');
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    const shared = join(folder, 'node_modules', name);
    await mkdir(shared, { recursive: true });
    await writeFile(join(shared, 'index.js'), "module.exports = globalThis[Symbol.for('promptweave.tfjs')];\n");
    await writeFile(join(shared, 'package.json'), JSON.stringify({ name, version: tfjsVersion, main: 'index.js' }));
  }
}

/** Runs in the caller's folder, so that npm finds the settings (registry, proxy) of the project. */
async function fetchArchive(target: string): Promise<string> {
  const specifier = `${packageName}@${tfjsVersion}`;
  const options = ['--ignore-scripts', '--prefer-offline', '--no-workspaces', '--dry-run=false'];
  const { execa } = await import('execa');
  const pack = await execa('npm', ['pack', specifier, ...options, '--pack-destination', target], {
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  if (!pack.failed && (await readdir(target)).includes(archiveName)) return join(target, archiveName);
  const reason = lastLines(pack.all ?? '') || (pack.shortMessage ?? `it left no ${archiveName}`);
  throw new BackendError(`npm could not fetch ${specifier}: ${reason}`, {
    where: 'npm pack',
    remedy:
      `Check that npm is there, its settings (\`npm config list\`) and the network. Where there is no network, run \`npm pack ${specifier}\` ` +
      'on another machine, and give the folder that holds the archive and the wheel with `npx promptweave runtime install --from FOLDER`.',
    cause: pack,
  });
}

async function unpack(archive: string, target: string): Promise<string> {
  const expected = knownArchives[archiveName];
  const sha512 = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (expected !== undefined && sha512 !== expected) {
    throw new BackendError(`${archiveName} is broken: its SHA-512 is not that of the published package.`, {
      where: archive,
      remedy: 'Run `npm cache clean --force` and the command again, or give a whole one with `--from FOLDER`.',
    });
  }
  const { execa } = await import('execa');
  const untar = await execa('tar', ['-xzf', archive, '-C', target], { reject: false, all: true, stdin: 'ignore' });
  if (untar.failed) {
    throw new BackendError(`tar could not unpack ${archiveName}: ${lastLines(untar.all ?? '') || untar.shortMessage}`, {
      where: archive,
      remedy: 'Install tar, then run `npx promptweave runtime install` again.',
      cause: untar,
    });
  }
  return join(target, 'package');
}
