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
 * Identity of an experiment: SHA-256 in hex over all that its result depends on. Where results are written and
 * recorded (`output`, `tracker`), which plugins are loaded besides those in use (`plugins`) and how many images are kept in
 * memory (`runtime.imageCacheMegabytes`) do not count.
 */
export function configurationHash(configuration: ResolvedConfiguration): string {
  const identity = {
    ...without({ ...configuration }, 'output', 'plugins', 'tracker'),
    runtime: without({ ...configuration.runtime }, 'imageCacheMegabytes'),
  };
  return createHash('sha256').update(canonicalJson(identity)).digest('hex');
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
