import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { matMul, randomUniform, tidy } from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { gpuName, hasNvidiaGpu } from './backends/native.js';
import { cacheFolder, runtimeFolder } from './cache-folder.js';
import { findCompiler } from './install/compile-binding.js';
import { type Installation, listRuntimes } from './install/installation.js';
import { findPython } from './install/pip.js';
import { memoryReport, type MemoryReport } from './memory.js';
import { type BackendChoice, type BackendName, selectBackend } from './select-backend.js';

/** What the machine can do, as plain data. */
export interface DoctorReport {
  readonly node: { readonly version: string; readonly platform: string; readonly architecture: string };
  readonly cpu: { readonly model: string; readonly cores: number; readonly features: readonly string[] };
  /** In bytes. */
  readonly memory: MemoryReport;
  readonly backend: BackendChoice;
  /** The GPU that the driver shows, used or not. */
  readonly gpu?: string;
  /** Billions of floating-point operations a second in a product of two square float32 matrices. */
  readonly matmul: { readonly size: number; readonly gflops: number };
  readonly tools: { readonly compiler?: string; readonly python?: string; readonly npm?: string };
  readonly caches: { readonly promptweave: string; readonly runtime: string };
  readonly installations: readonly Installation[];
  /** What is missing for the fastest backend, each with what brings it. */
  readonly missing: readonly { readonly what: string; readonly remedy: string }[];
}

/**
 * Looks at the machine, sets the requested backend and measures it (about a second).
 * @throws BackendError where a backend that was asked for by name is missing
 */
export async function doctor(request: BackendName | 'auto' = 'auto'): Promise<DoctorReport> {
  const missing: { what: string; remedy: string }[] = [];
  const tool = async (find: () => Promise<string>): Promise<string | undefined> => {
    try {
      return await find();
    } catch (cause) {
      if (!(cause instanceof BackendError)) throw cause;
      missing.push({ what: cause.message, remedy: cause.remedy ?? '' });
      return undefined;
    }
  };
  const installations = await listRuntimes();
  const backend = await selectBackend(request);
  if (backend.remedy) missing.push({ what: backend.why, remedy: backend.remedy });
  const { notFused } = installations.find((entry) => entry.name === backend.installation) ?? {};
  if (notFused && !backend.gpu) {
    missing.push({
      what: `The fused operations, 9 to 24 % of a training step: ${notFused}`,
      remedy: 'Run `npx promptweave runtime install --force`, with another compiler (CXX).',
    });
  }
  const gpu = hasNvidiaGpu() ? await gpuName() : undefined;
  if (gpu && !installations.some((entry) => entry.variant === 'cuda')) {
    missing.push({
      what: `${gpu} is not used: no CUDA build is installed.`,
      remedy: 'Run `npx promptweave runtime install --gpu`.',
    });
  }
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
    matmul: await measureMatmul(backend.name),
    tools: { ...(compiler && { compiler }), ...(python && { python }), ...(!npm.failed && { npm: npm.stdout }) },
    caches: { promptweave: cacheFolder(), runtime: runtimeFolder() },
    installations,
    missing,
  };
}

/** The vector instructions that matter to TensorFlow, of those that Linux lists; macOS has the same on all its ARM machines. */
async function cpuFeatures(): Promise<string[]> {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? ['neon', 'fp16'] : [];
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
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

/** The best of five products, after one to warm up; the matrices are smaller where the backend is slow. */
async function measureMatmul(name: BackendName): Promise<{ size: number; gflops: number }> {
  const size = { tensorflow: 1024, wasm: 512, cpu: 128 }[name];
  const x = randomUniform([size, size], -1, 1, 'float32', 1);
  let best = Infinity;
  for (let run = 0; run < 6; run++) {
    const start = performance.now();
    const product = tidy(() => matMul(x, x));
    await product.data();
    product.dispose();
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  x.dispose();
  return { size, gflops: Math.round((2 * size ** 3) / best / 1e5) / 10 };
}
