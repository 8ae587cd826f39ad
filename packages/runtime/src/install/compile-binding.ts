import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '@promptweave/core';
import { standIns } from './cuda.js';
import { lastLines } from './pip.js';
import type { WheelPlatform } from './platform.js';

/** Where things lie in an installation, relative to its root. */
export const layout = {
  headers: 'include',
  binding: 'binding/tfjs_binding.node',
  quiet: 'binding/quiet.node',
  signals: 'binding/signals.node',
  fused: 'binding/fused.node',
  programs: 'binding/programs.node',
  gpu: 'binding/gpu.node',
  standIns: 'nvidia/stand_ins/lib',
  package: 'node_modules/@tensorflow/tfjs-node-gpu',
  manifest: 'installation.json',
} as const;

/**
 * Compiles the C++ binding of tfjs-node-gpu against the libraries and headers of an installation, with one call of the compiler,
 * and by itself each of the few lines that keep libtensorflow from printing while it loads, and signals away from its threads.
 *
 * @returns the first line of the compiler's `--version`
 * @throws BackendError without a C++17 compiler, or where it fails
 */
export async function compileBinding(folder: string, platform: WheelPlatform): Promise<string> {
  const compiler = await findCompiler();
  await mkdir(dirname(join(folder, layout.binding)), { recursive: true });
  for (const name of ['quiet', 'signals'] as const) {
    const options = [...addon(name, platform), '-pthread', sourceOf(`${name}.cc`), '-o', join(folder, layout[name])];
    await compile(compiler, `native/${name}.cc`, options);
  }
  await compile(compiler, 'the binding of TensorFlow', [
    ...addon('tfjs_binding', platform),
    ...['NewContext=promptweave_new_context', 'NewOp=promptweave_new_op', 'Execute=promptweave_execute'].map(
      (names) => `-DTFE_${names}`,
    ),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, layout.package, 'binding', name)),
    sourceOf('programs/context.cc'),
    ...tensorflow(folder, platform),
    '-o',
    join(folder, layout.binding),
  ]);
  await compile(compiler, 'native/programs', [
    ...addon('programs', platform),
    sourceOf('programs/programs.cc'),
    ...tensorflow(folder, platform),
    ...['-ldl', '-o', join(folder, layout.programs)],
  ]);
  return compiler.version;
}

/**
 * Compiles the fused operations (native/fused). Everything computes without them, only slower.
 * @throws BackendError where the compiler fails
 */
export async function compileFused(folder: string, platform: WheelPlatform): Promise<void> {
  await compile(await findCompiler(), 'native/fused', [
    ...addon('fused', platform),
    ...['-O3', '-fno-math-errno', '-ffp-contract=fast', '-fvisibility=hidden', '-pthread'],
    sourceOf('fused/fused.cc'),
    ...tensorflow(folder, platform),
    '-o',
    join(folder, layout.fused),
  ]);
}

/**
 * Compiles what asks the driver of a GPU, and the libraries that TensorFlow opens and promptweave never calls, as empty ones.
 *
 * @returns the files, relative to the installation
 * @throws BackendError where the compiler fails
 */
export async function compileForGpu(folder: string, platform: WheelPlatform): Promise<string[]> {
  const compiler = await findCompiler();
  await compile(compiler, 'native/gpu.cc', [
    ...addon('gpu', platform),
    sourceOf('gpu.cc'),
    '-ldl',
    '-o',
    join(folder, layout.gpu),
  ]);
  await mkdir(join(folder, layout.standIns), { recursive: true });
  const libraries = standIns.map((name) => join(layout.standIns, name));
  for (const [i, name] of standIns.entries()) {
    const options = [
      '-x',
      'c++',
      '-shared',
      '-fPIC',
      `-Wl,-soname,${name}`,
      '-o',
      join(folder, libraries[i]!),
      '/dev/null',
    ];
    await compile(compiler, `an empty ${name}`, options);
  }
  return [layout.gpu, ...libraries];
}

const sourceOf = (name: string): string => fileURLToPath(new URL(`../../native/${name}`, import.meta.url));

/** Options for a shared library that Node loads. */
function addon(module: string, platform: WheelPlatform): string[] {
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };
  const shared = isDarwin(platform) ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const names = ['-DNAPI_VERSION=8', `-DNODE_GYP_MODULE_NAME=${module}`];
  return ['-std=c++17', '-O2', '-fPIC', '-w', ...names, `-I${nodeHeaders}`, ...shared];
}

/** Options for one that uses libtensorflow: it is found by a path relative to the installation, which can be moved. */
function tensorflow(folder: string, platform: WheelPlatform): string[] {
  return [
    `-I${join(folder, layout.headers)}`,
    `-Wl,-rpath,${isDarwin(platform) ? '@loader_path' : '$ORIGIN'}/../${dirname(platform.libraries[0])}`,
    ...platform.libraries.map((library) => join(folder, library)),
  ];
}

const isDarwin = ({ machine }: WheelPlatform): boolean => machine.startsWith('darwin');

async function compile({ command, version }: Compiler, what: string, options: readonly string[]): Promise<void> {
  const { execa } = await import('execa');
  const result = await execa(command, options, { reject: false, all: true, stdin: 'ignore' });
  if (!result.failed) return;
  throw new BackendError(`${command} could not compile ${what}: ${lastLines(result.all ?? '', 12)}`, {
    where: version,
    remedy: `A compiler for C++17 is needed: GCC 9, Clang 9 or newer. ${howToGetCompiler}`,
    cause: result,
  });
}

interface Compiler {
  readonly command: string;
  readonly version: string;
}

const howToGetCompiler =
  'Install one (Debian, Ubuntu: `sudo apt-get install g++`; Fedora: `sudo dnf install gcc-c++`; Alpine has no glibc and is not supported; macOS: `xcode-select --install`) or name it in the environment variable CXX.';

/** The first of `$CXX`, c++, g++ and clang++ that runs; throws a BackendError where there is none. */
export async function findCompiler(): Promise<Compiler> {
  const own = process.env.CXX;
  for (const command of own ? [own] : ['c++', 'g++', 'clang++']) {
    const { execa } = await import('execa');
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
