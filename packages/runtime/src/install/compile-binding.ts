import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
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
  /** Gone when everything is compiled. */
  linked: 'linked',
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
  if (!isDarwin(platform)) await compileEmpty(compiler, platform.libraries, join(folder, layout.linked));
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
  const libraries = await compileEmpty(compiler, standIns, join(folder, layout.standIns));
  return [layout.gpu, ...libraries.map((library) => relative(folder, library))];
}

/** Makes empty shared libraries by the names of others. @returns their files */
async function compileEmpty(compiler: Compiler, libraries: readonly string[], folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const name of libraries.map((library) => basename(library))) {
    const file = join(folder, name);
    await compile(compiler, `an empty ${name}`, [
      ...['-x', 'c++', '-shared', '-fPIC', `-Wl,-soname,${name}`, '-o', file],
      '/dev/null',
    ]);
    files.push(file);
  }
  return files;
}

const sourceOf = (name: string): string => fileURLToPath(new URL(`../../native/${name}`, import.meta.url));

/** Options for a shared library that Node loads. */
function addon(module: string, platform: WheelPlatform): string[] {
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };
  const shared = isDarwin(platform) ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const names = ['-DNAPI_VERSION=8', `-DNODE_GYP_MODULE_NAME=${module}`];
  return ['-std=c++17', '-O2', '-fPIC', '-w', ...names, `-I${nodeHeaders}`, ...shared];
}

/**
 * Options for one that uses libtensorflow: it is found by a path relative to the installation, which can be moved. On Linux, empty libraries of the
 * same names are linked: the linker would read the real ones for some five seconds each time, and what they lack is seen when they are loaded.
 */
function tensorflow(folder: string, platform: WheelPlatform): string[] {
  const place = dirname(platform.libraries[0]);
  const headers = `-I${join(folder, layout.headers)}`;
  if (isDarwin(platform)) {
    return [
      headers,
      `-Wl,-rpath,@loader_path/../${place}`,
      ...platform.libraries.map((library) => join(folder, library)),
    ];
  }
  const linked = platform.libraries.map((library) => join(folder, layout.linked, basename(library)));
  return [headers, `-Wl,-rpath,$ORIGIN/../${place}`, '-Wl,--no-as-needed', ...linked];
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
