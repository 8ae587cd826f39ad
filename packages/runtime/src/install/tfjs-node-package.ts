import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { execa } from 'execa';
import { layout } from './compile-binding.js';
import { lastLines } from './pip.js';

const packageName = '@tensorflow/tfjs-node-gpu';
const requireFrom = createRequire(import.meta.url);

/** The version of TensorFlow.js that this package runs with; tfjs-node-gpu must be of the same. */
export const tfjsVersion: string = (requireFrom('@tensorflow/tfjs/package.json') as { version: string }).version;

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
 * Puts the kernels and the binding's C++ sources of tfjs-node-gpu into an installation: copied from node_modules where npm kept
 * the package, else fetched with `npm pack` (npm leaves an optional dependency out when its install script fails, which this one's
 * does wherever its own download is blocked). No script of the package is ever run.
 *
 * `@tensorflow/tfjs` and `-core` beside it are one line each, which hands out the caller's instance (see native/load.js).
 */
export async function placeTfjsNode(folder: string): Promise<void> {
  const source = installedPackage() ?? (await fetchPackage(folder));
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

function installedPackage(): string | undefined {
  try {
    const file = requireFrom.resolve(`${packageName}/package.json`);
    return (requireFrom(file) as { version: string }).version === tfjsVersion ? dirname(file) : undefined;
  } catch {
    // It is not there, which is what was asked.
    return undefined;
  }
}

async function fetchPackage(folder: string): Promise<string> {
  const target = join(folder, 'npm');
  await mkdir(target, { recursive: true });
  const specifier = `${packageName}@${tfjsVersion}`;
  const pack = await execa('npm', ['pack', specifier, '--ignore-scripts', '--pack-destination', target], {
    reject: false,
    all: true,
    stdin: 'ignore',
    cwd: target,
  });
  const archive = pack.failed ? undefined : (await readdir(target)).find((name) => name.endsWith('.tgz'));
  if (!archive) {
    throw new BackendError(`npm could not fetch ${specifier}: ${lastLines(pack.all ?? '')}`, {
      where: 'npm pack',
      remedy: `Check the network and npm's registry, or run \`npm install --ignore-scripts ${specifier}\` where it can be reached.`,
      cause: pack,
    });
  }
  const untar = await execa('tar', ['-xzf', archive], { cwd: target, reject: false, all: true, stdin: 'ignore' });
  if (untar.failed) {
    throw new BackendError(`tar could not unpack ${archive}: ${lastLines(untar.all ?? '')}`, {
      where: target,
      remedy: 'Install tar, then run `npx promptweave runtime install` again.',
      cause: untar,
    });
  }
  return join(target, 'package');
}
