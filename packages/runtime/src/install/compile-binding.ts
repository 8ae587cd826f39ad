import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { execa } from 'execa';
import { lastLines } from './pip.js';
import type { WheelPlatform } from './platform.js';

/** Where things lie in an installation, relative to its root. */
export const layout = {
  headers: 'include',
  binding: 'binding/tfjs_binding.node',
  package: 'node_modules/@tensorflow/tfjs-node-gpu',
  manifest: 'installation.json',
} as const;

/**
 * Compiles the C++ binding of tfjs-node-gpu against the libraries and headers of an installation, with one call of the compiler.
 * The binding finds the libraries by a path relative to itself, so that the installation can be moved.
 *
 * @returns the first line of the compiler's `--version`
 * @throws BackendError without a C++17 compiler, or where it fails
 */
export async function compileBinding(folder: string, platform: WheelPlatform): Promise<string> {
  const { command, version } = await findCompiler();
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, layout.package, 'binding', name));
  const libraryFolder = dirname(platform.libraries[0]);
  const target = join(folder, layout.binding);
  await mkdir(dirname(target), { recursive: true });
  const linking = platform.machine.startsWith('darwin')
    ? ['-bundle', '-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/../${libraryFolder}`]
    : ['-shared', `-Wl,-rpath,$ORIGIN/../${libraryFolder}`];
  const result = await execa(
    command,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
      ...[`-I${nodeHeaders}`, `-I${join(folder, layout.headers)}`, '-o', target],
      ...sources,
      ...linking,
      ...platform.libraries.map((library) => join(folder, library)),
    ],
    { reject: false, all: true, stdin: 'ignore' },
  );
  if (result.failed) {
    throw new BackendError(
      `${command} could not compile the binding of TensorFlow: ${lastLines(result.all ?? '', 12)}`,
      {
        where: version,
        remedy: `A compiler for C++17 is needed: GCC 9, Clang 9 or newer. ${howToGetCompiler}`,
        cause: result,
      },
    );
  }
  return version;
}

const howToGetCompiler =
  'Install one (Debian, Ubuntu: `sudo apt-get install g++`; Fedora: `sudo dnf install gcc-c++`; Alpine has no glibc and is not supported; macOS: `xcode-select --install`) or name it in the environment variable CXX.';

/** The first of `$CXX`, c++, g++ and clang++ that runs; throws a BackendError where there is none. */
export async function findCompiler(): Promise<{ command: string; version: string }> {
  const own = process.env.CXX;
  for (const command of own ? [own] : ['c++', 'g++', 'clang++']) {
    const found = await execa(command, ['--version'], { reject: false, stdin: 'ignore' });
    if (!found.failed) return { command, version: found.stdout.split('\n')[0] ?? command };
  }
  throw new BackendError(
    `The native backend needs a C++ compiler, and ${own ? `CXX=${own} does not run` : 'none was found'}.`,
    {
      where: own ? 'CXX' : 'PATH',
      remedy: `${howToGetCompiler} Then run \`npx promptweave runtime install\` again.`,
    },
  );
}
