import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ProtocolSummary } from '@promptweave/core';
import { createExperiment, runExperiment, runFiles, type RunResult } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { CostMeter } from './cost-meter.js';
import { evaluationSets, isTrained } from './protocol-context.js';
import type { ProtocolRun } from './protocol-run.js';
import { runInStages } from './run-in-stages.js';

/** A run and the figures that its protocol makes of it. */
export interface ProtocolResult {
  readonly result: RunResult;
  readonly summary: ProtocolSummary;
}

/**
 * Trains and tests as the configuration's protocol says.
 * @returns undefined where the signal stopped it; the same call goes on later
 */
export async function runProtocol(run: ProtocolRun): Promise<ProtocolResult | undefined> {
  const meter = new CostMeter();
  const metered = { ...run, onEvent: meter.watching(run.onEvent) };
  const { configuration, environment, folder, configurationFolder, resume = true, ...watch } = metered;
  const { registry, pipeline, surroundings } = environment;
  const protocol = registry.get('protocol', configuration.protocol.use);
  const features = protocol.measuresCosts ? undefined : environment.features;
  await mkdir(folder, { recursive: true });
  let result: RunResult | undefined;
  if (protocol.thenTrainsOn) {
    result = await runInStages(metered, protocol.thenTrainsOn);
    if (result) await writeFileAtomic(join(folder, runFiles.result), `${JSON.stringify(result, undefined, 2)}\n`);
  } else {
    const base = resolve(configurationFolder);
    const texts = features?.texts(configuration);
    const experiment = await createExperiment(configuration, { ...environment, folder: base, texts });
    try {
      const evaluations = await evaluationSets({ experiment, registry, pipeline, folder: base, features });
      const known = evaluations.find((set) => isTrained(set, experiment))?.features;
      const request = { experiment, pipeline, configurationFolder, folder, surroundings, evaluations, features: known };
      result = await runExperiment({ ...request, ...watch, resume });
    } finally {
      experiment.dispose();
    }
  }
  return result && { result, summary: protocol.summary(result.evaluations, meter.costs(result)) };
}
