import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { randomClip } from '@promptweave/backbone-clip';
import {
  architectureNamed,
  measureLoader,
  measureStep,
  measureVisionTower,
  speedMethodNamed,
  speedMethodNames,
} from '@promptweave/bench';
import { ConfigError, PromptweaveError } from '@promptweave/core';
import { defaultPlugins, loadPlugins } from '@promptweave/core/experiment';
import { createDataPipeline } from '@promptweave/datasets';
import { selectBackend } from '@promptweave/runtime';
import { decodingThreads } from '../composition/compose.js';
import type { Measurement } from './speed-report.js';

/** Steps of a measurement of the loader. */
const LOADER_STEPS = 4;

/** Makes a measurement in a process of its own, so that its peak memory is its own. */
export async function measureInProcess<Result>(measurement: Measurement): Promise<Result> {
  const main = fileURLToPath(new URL('../../bin/promptweave.js', import.meta.url));
  const words = [main, 'bench', 'speed', '--measure', JSON.stringify(measurement)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 24 });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
  } catch (cause) {
    const { stderr = '', signal } = cause as { stderr?: string; signal?: string };
    throw new PromptweaveError(`The measurement of ${measurement.method || measurement.kind} failed.`, {
      where: signal === 'SIGKILL' ? 'its process was killed, most likely for want of memory' : stderr.trim(),
      remedy: 'Take fewer classes, a smaller batch, or --fast-only.',
    });
  }
}

/** @throws ConfigError where there is no method of this name, before anything is measured */
export function knownMethod(name: string): void {
  if (speedMethodNames.includes(name)) return;
  throw new ConfigError(`There is no method named "${name}" to time.`, {
    where: '--method',
    remedy: `Take one of: ${speedMethodNames.join(', ')}.`,
  });
}

/** Makes a measurement in this process. */
export async function measureHere(measurement: Measurement): Promise<unknown> {
  const { kind, architecture, method, classes, batch, repeats, path, together, precision = 'float32' } = measurement;
  const { name, bfloat16 } = await selectBackend('auto', { precision });
  const backbone = randomClip(
    { seed: 1, ...architectureNamed(architecture) },
    { fast: path === 'fast', recompute: false, precision },
  );
  if (kind === 'vision') {
    const rates = measureVisionTower(backbone, batch ?? 4, repeats);
    return { backend: name, ...(bfloat16 && { bfloat16 }), ...rates };
  }
  const registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
  const named = speedMethodNamed(method, backbone.shape);
  const chosen = path === 'plain' ? { ...named, cached: false } : named; // stored features are a saving, too
  if (kind === 'step') return measureStep(registry, backbone, { method: chosen, classes, batch, repeats, together });
  const pipeline = createDataPipeline({ workers: decodingThreads() });
  try {
    return await measureLoader(registry, backbone, pipeline, { method: chosen, classes, steps: LOADER_STEPS });
  } finally {
    await pipeline.close();
  }
}
