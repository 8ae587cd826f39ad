import { supportMatrix, type SupportKind } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { allRows } from './covering-array.test.support.js';
import { defaultRegistry, factorsOf, kinds } from './learning-parts.test.support.js';
import { refusalsOf } from './refusals.test.support.js';

const registry = await defaultRegistry();
const supports = supportMatrix(registry);

it('two parts stand together where some row with both is not refused, and have a rule against them where all are', () => {
  const allowed = new Set<string>();
  const key = (...parts: readonly string[]): string => parts.join('\0');
  for (const row of allRows(factorsOf(registry))) {
    if (refusalsOf(row).length > 0) continue;
    kinds.forEach((one, i) => kinds.forEach((other, k) => allowed.add(key(one, row[i]!, other, row[k]!))));
  }
  const compared: SupportKind[] = ['prompt', 'labels', 'head', 'tuning', 'loss'];
  for (const one of compared) {
    for (const other of compared.filter((kind) => kind !== one)) {
      for (const a of registry.names(one)) {
        for (const b of registry.names(other)) {
          const stands = supports([one, a], [other, b]).length === 0;
          expect(stands, `${a} + ${b}`).toBe(allowed.has(key(one, a, other, b)));
        }
      }
    }
  }
});

it('knows what a protocol cannot train or test', () => {
  const refused = registry
    .names('protocol')
    .map((protocol) => [
      protocol,
      registry.names('head').filter((head) => supports(['protocol', protocol], ['head', head]).length > 0),
    ]);
  const all = registry.names('head');
  const ofTrainedClasses = ['linear-probe', 'lp-plus-plus'];
  const ofSingleClasses = ['dept', 'taskres', 'tip-adapter', ...ofTrainedClasses, 'zero-shot-linear-probe'];
  expect(Object.fromEntries(refused)).toEqual({
    'zero-shot': all.filter((head) => head !== 'cosine'),
    'few-shot': [],
    'base-to-novel': ofTrainedClasses,
    'cross-dataset': ofTrainedClasses,
    'domain-generalisation': ofTrainedClasses,
    incremental: ofSingleClasses,
    efficiency: [],
  });
});
