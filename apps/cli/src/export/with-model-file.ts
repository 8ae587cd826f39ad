import { exportedModel, isBundle, readBundle } from '@promptweave/export';
import type { ModelFile } from '@promptweave/web';
import { openClassifier, type OpenOptions } from '../runs/open-classifier.js';
import { version } from '../version.js';

/**
 * Uses what can be exported of a run, or a file that was exported before. The values are there until the work is done.
 * @throws whatever opening the run throws; ConfigError where a part of it cannot be exported
 */
export async function withModelFile<T>(
  run: string,
  options: OpenOptions,
  use: (model: ModelFile) => Promise<T>,
): Promise<T> {
  if (await isBundle(run)) return use(await readBundle(run));
  // The plain path keeps the weights as they are in the checkpoint, to the bit.
  const opened = await openClassifier(run, {
    ...options,
    overrides: ['runtime.fast=false', 'runtime.precision=float32', ...(options.overrides ?? [])],
  });
  try {
    const { backbone, step, template, importedFrom, configuration } = opened.description;
    const model = exportedModel(opened.classifier, {
      promptweave: version,
      ...{ backbone, template, step, ...(importedFrom !== undefined && { importedFrom }) },
      configuration: withoutAddresses(configuration),
    });
    return await use(model);
  } finally {
    await opened.close();
  }
}

/** The configuration as others may see it: where a run was recorded is nobody else's business. */
function withoutAddresses(configuration: unknown): unknown {
  if (typeof configuration !== 'object' || configuration === null) return configuration;
  return Object.fromEntries(Object.entries(configuration).filter(([section]) => section !== 'tracker'));
}
