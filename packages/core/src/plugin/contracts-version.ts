/**
 * Version of the contracts between core and plugins: what `@promptweave/core` exports, what a plugin must have, and what its parts are asked
 * for. The first number grows where a plugin that worked may stop working, the second where something is added.
 */
export const contractsVersion = '1.0';

/** First number of a version of the contracts, `1.0` or `1`; undefined for anything else. */
export function majorOf(version: unknown): number | undefined {
  return typeof version === 'string' && /^\d+(\.\d+)*$/.test(version) ? Number.parseInt(version) : undefined;
}
