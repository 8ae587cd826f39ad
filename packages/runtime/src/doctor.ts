import { availableParallelism, cpus } from 'node:os';
import { matMul, randomUniform, slice, tidy } from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { cacheFolder, runtimeFolder } from './cache-folder.js';
import { cpuFlags } from './cpu-flags.js';
import { gpuName, hasNvidiaGpu } from './gpu/driver.js';
import { findCompiler } from './install/compile-binding.js';
import { type Installation, listRuntimes } from './install/installation.js';
import { findPython } from './install/pip.js';
import { memoryReport, type MemoryReport } from './memory.js';
import { type Bfloat16, bfloat16On } from './precision.js';
import { type BackendChoice, type BackendName, selectBackend } from './select-backend.js';

/** What the machine can do, as plain data. */
export interface DoctorReport {
  readonly node: { readonly version: string; readonly platform: string; readonly architecture: string };
  readonly cpu: { readonly model: string; readonly cores: number; readonly features: readonly string[] };
  /** In bytes. */
  readonly memory: MemoryReport;
  readonly backend: BackendChoice;
  /** The GPU that computes, or else the first that the driver shows: its name. */
  readonly gpu?: string;
  /** Billions of floating-point operations a second in a product of two square float32 matrices. */
  readonly matmul: { readonly size: number; readonly gflops: number };
  readonly tools: { readonly compiler?: string; readonly python?: string; readonly npm?: string };
  readonly caches: { readonly promptweave: string; readonly runtime: string };
  readonly installations: readonly Installation[];
  /** What multiplies bfloat16 (`runtime.precision`), or why nothing does. */
  readonly bfloat16: Bfloat16;
  /** What is missing for the fastest backend, each with what brings it. */
  readonly missing: readonly { readonly what: string; readonly remedy: string }[];
}

/**
 * Looks at the machine, sets the requested backend and measures it (about a second).
 * @throws BackendError where a backend that was asked for by name is missing
 */
export async function doctor(request: BackendName | 'auto' = 'auto'): Promise<DoctorReport> {
  const installations = await listRuntimes();
  const usable = installations.filter((entry) => !entry.problem);
  const missing: { what: string; remedy: string }[] = [];
  const backend = await selectBackend(request);
  if (backend.remedy) missing.push({ what: backend.why, remedy: backend.remedy });
  const { unusedGpu } = backend;
  if (unusedGpu) missing.push({ what: unusedGpu.what, remedy: unusedGpu.remedy });
  const { notFused } = installations.find((entry) => entry.name === backend.installation) ?? {};
  if (notFused && !backend.gpu) {
    missing.push({
      what: `The fused operations, 9 to 24 % of a training step: ${notFused}`,
      remedy: 'Run `npx promptweave runtime install --force`, with another compiler (CXX).',
    });
  }
  const gpu = backend.gpu?.name ?? (hasNvidiaGpu() ? await gpuName() : undefined);
  const lacksCuda = gpu !== undefined && !usable.some((entry) => entry.variant === 'cuda');
  if (lacksCuda) {
    missing.push({
      what: `${gpu} is not used: no CUDA build is installed.`,
      remedy: 'Run `npx promptweave runtime install --gpu`.',
    });
  }
  // What an installation is made with is missing where one is to be made.
  const incomplete = usable.length === 0 || lacksCuda;
  const tool = async (find: () => Promise<string>): Promise<string | undefined> => {
    try {
      return await find();
    } catch (cause) {
      if (!(cause instanceof BackendError)) throw cause;
      if (incomplete) missing.push({ what: cause.message, remedy: cause.remedy ?? '' });
      return undefined;
    }
  };
  const compiler = await tool(async () => (await findCompiler()).version);
  const python = await tool(findPython);
  const { execa } = await import('execa');
  const npm = await execa('npm', ['--version'], { reject: false, stdin: 'ignore' });
  return {
    node: { version: process.version, platform: process.platform, architecture: process.arch },
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), features: await cpuFeatures() },
    memory: await memoryReport(),
    backend,
    ...(gpu && { gpu }),
    matmul: await measureMatmul(backend),
    bfloat16: await bfloat16On(backend),
    tools: { ...(compiler && { compiler }), ...(python && { python }), ...(!npm.failed && { npm: npm.stdout }) },
    caches: { promptweave: cacheFolder(), runtime: runtimeFolder() },
    installations,
    missing,
  };
}

/** The vector instructions that matter to TensorFlow, of those that Linux lists; macOS has the same on all its ARM machines. */
async function cpuFeatures(): Promise<string[]> {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? ['neon', 'fp16'] : [];
  const flags = await cpuFlags();
  const known = [
    'sse4_2',
    'avx',
    'fma',
    'avx2',
    'avx512f',
    'avx512_vnni',
    'avx512_bf16',
    'avx512_fp16',
    'amx_bf16',
    'asimd',
    'asimdhp',
    'sve',
    'bf16',
  ];
  return known.filter((flag) => flags.includes(flag));
}

/** How many products are handed over before the end of the last one is waited for, and sides of the matrices: as long as a blink. */
const measured = {
  gpu: { size: 4096, products: 20 },
  tensorflow: { size: 1024, products: 4 },
  wasm: { size: 512, products: 1 },
  cpu: { size: 128, products: 1 },
} as const;

/** The best of five times, after one to warm up. Of the results a single number is read, so that a GPU's transfers do not count. */
async function measureMatmul({ name, gpu }: BackendChoice): Promise<{ size: number; gflops: number }> {
  const { size, products } = measured[gpu ? 'gpu' : name];
  const x = randomUniform([size, size], -1, 1, 'float32', 1);
  let best = Infinity;
  for (let run = 0; run < 6; run++) {
    const start = performance.now();
    const last = tidy(() => {
      for (let i = 1; i < products; i++) matMul(x, x).dispose();
      return slice(matMul(x, x), [size - 1, size - 1], [1, 1]);
    });
    await last.data();
    last.dispose();
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  x.dispose();
  return { size, gflops: Math.round((2 * size ** 3 * products) / best / 1e5) / 10 };
}
