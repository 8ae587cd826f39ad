import type { DatasetChoice } from '../contracts/protocol.js';
import type { Registry } from '../plugin/registry.js';
import { optionsOf, type ResolvedPart } from './configuration.js';
import { describeIssue } from './describe-issue.js';
import { datasetSettings } from './sections.js';

/** A further data set with all of its options, or what is wrong with its choice. */
export type DatasetPart =
  | { readonly part: ResolvedPart; readonly problem?: undefined }
  | { readonly part?: undefined; readonly problem: string };

/**
 * The options of a further data set. What the choice leaves out is taken from the data set that is trained on, where both have
 * options of these names, then from the defaults.
 */
export function datasetPart(choice: DatasetChoice, trained: ResolvedPart, registry: Registry): DatasetPart {
  const { use, ...own } = typeof choice === 'string' ? { use: choice } : choice;
  const plugin = registry.find('dataset', use);
  if (!plugin) return { problem: registry.unknown('dataset', use) };
  const inherited = Object.entries(optionsOf(trained, ...Object.keys(datasetSettings))).filter(
    ([option]) => option in plugin.options.shape,
  );
  const outcome = plugin.options.safeParse({ ...Object.fromEntries(inherited), ...own }, { error: describeIssue });
  if (outcome.success) return { part: { use, ...outcome.data } };
  const problems = outcome.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
  return { problem: `data set ${use}: ${problems.join('; ')}` };
}
