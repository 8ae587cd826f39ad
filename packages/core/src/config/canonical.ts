import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { ResolvedConfiguration } from './configuration.js';
import { isMapping, without } from './layers.js';

/** JSON with sorted keys: equal values give equal text, whatever the order in which they were written. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    isMapping(entry) ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))) : entry,
  );
}

/**
 * What of a configuration its numbers depend on: everything but where results are written and recorded (`output`, `tracker`), which plugins are
 * loaded besides those in use (`plugins`), how many images an evaluation reads at a time (`evaluate.batch`) and how many are
 * kept in memory (`runtime.imageCacheMegabytes`). Nobody else decides this: resumed runs, cells and results all ask here.
 */
export function decisive(configuration: ResolvedConfiguration): Readonly<Record<string, unknown>> {
  const { runtime } = configuration;
  return {
    ...without({ ...configuration }, 'output', 'plugins', 'tracker'),
    evaluate: without({ ...configuration.evaluate }, 'batch'),
    // What was so before there was the option has the identity that it had.
    runtime: without(
      { ...runtime },
      ...['imageCacheMegabytes', ...(runtime.tf32 ? [] : ['tf32'])],
      ...(runtime.precision === 'float32' ? ['precision'] : []),
    ),
  };
}

/** SHA-256 in hex over what is {@link decisive}: the identity of an experiment, weights and data aside. */
export function configurationHash(configuration: ResolvedConfiguration): string {
  return createHash('sha256')
    .update(canonicalJson(decisive(configuration)))
    .digest('hex');
}

/** YAML that resolves to the same configuration again. */
export function toYaml(configuration: ResolvedConfiguration): string {
  return stringify(configuration, { lineWidth: 0 });
}

/** Freezes a plain value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
