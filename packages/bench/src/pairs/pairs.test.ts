import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import { composeClassifier } from '@promptweave/core/experiment';
import { contextOf } from '@promptweave/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRows, coveringArray, hasPair, pairsOf, type Row } from './covering-array.test.support.js';
import { choiceOf, conflictsOf, defaultRegistry, factorsOf, kinds } from './learning-parts.test.support.js';
import { refusalsOf } from './refusals.test.support.js';
import { trainAndLoad } from './train-and-load.test.support.js';

const registry = await defaultRegistry();
const factors = factorsOf(registry);
const isAllowed = (row: Row): boolean => refusalsOf(row).length === 0;
const [losses, ...others] = factors.toReversed() as [Row, ...Row[]];
const parts = others.toReversed();
/** The hierarchical loss computes these, and lamm/feature stands for a term of it that is listed, too. */
const represented = ['lamm/parameter', 'lamm/logits'];
const tried = [...parts, losses.filter((name) => !represented.includes(name))];
const { rows: pairwise, refused } = coveringArray(tried, isAllowed);
/** In CI every combination of the other parts, too, with the losses that they bring. */
const rows = process.env['PROMPTWEAVE_ALL_COMBINATIONS']
  ? [...pairwise, ...allRows([...parts, ['cross-entropy']]).filter(isAllowed)]
  : pairwise;
const names = ['cat', 'sea_horse', 'owl'];

let backbone: ClipBackbone;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptweave-pairs-'));
  backbone = randomClip({
    seed: 8,
    vision: { width: 16, layers: 2, heads: 2, imageSize: 8, patchSize: 4 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
});
afterAll(async () => {
  backbone.dispose();
  await rm(folder, { recursive: true });
});

it('every pair of parts is trained or refused', () => {
  factors.forEach((names, i) => expect(names.length, kinds[i]).toBeGreaterThan(1));
  for (const pair of pairsOf(tried)) {
    const isTrained = pairwise.some((row) => hasPair(row, pair));
    const isRefused = refused.some(({ row }) => hasPair(row, pair));
    expect(isTrained || isRefused, pair.options.join(' + ')).toBe(true);
  }
});

it('of all combinations those of the table are refused, with its reasons and what to do, and no others', () => {
  const told = allRows(factors).flatMap((row) => {
    const conflicts = conflictsOf(row, registry);
    const isSame = conflicts.map(({ message }) => message).join() === refusalsOf(row).join();
    return isSame && conflicts.every(({ remedy }) => remedy) ? [] : [{ row, conflicts, expected: refusalsOf(row) }];
  });
  expect(told).toEqual([]);
});

describe('trains, and gives the same logits when it is loaded', () => {
  it.each(rows.map((row) => [row.join(' + '), row] as const))('%s', async (_, row) => {
    await trainAndLoad(row, { registry, backbone, names, folder });
  });
});

describe('is refused before anything is made', () => {
  it.each(refused.map(({ pair, row }) => [pair.options.join(' + '), row] as const))('%s', (_, row) => {
    const nothing = new Proxy(contextOf(backbone), { get: (_, key) => takenFrom(key) });
    expect(() => composeClassifier(registry, nothing, choiceOf(row, registry))).toThrow(refusalsOf(row)[0]);
  });
});

/** A context that no part may take anything from. */
function takenFrom(key: PropertyKey): never {
  throw new Error(`A part was made: it asked for ${String(key)}.`);
}
