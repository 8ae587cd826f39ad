import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parsePlainYaml } from '../config/plain-yaml.js';
import { isMapping } from '../config/layers.js';
import { DamagedFileError, parseOwnJson, putAside, readOwnJson, readOwnText } from '../own-file.js';
import { checkSafetensors } from '../safetensors/index.js';
import { metricsLine } from './metrics-event.js';
import type { NearestWords } from './nearest-words.js';
import { predictionsFile } from './predictions.js';
import { trainingFolders } from './run-file.js';
import { runFiles } from './run-folder.js';
import type { RunResult } from './run-result.js';

// JSON knows neither NaN nor the infinities: they are written as null.
const number = z.number().nullable();
const counts = z.array(z.array(z.number()));
const evaluation = z.looseObject({
  ...{ images: z.number(), accuracy: number, macroF1: number, loss: number },
  classes: z.array(z.looseObject({ name: z.string(), images: z.number(), accuracy: number })),
  confusion: counts,
});
const result = z.looseObject({
  format: z.literal(1),
  parameters: z.number(),
  training: z.looseObject({ step: z.number(), steps: z.number(), epochs: z.number(), seconds: z.number() }),
  evaluations: z.record(z.string(), evaluation),
  evaluationSeconds: z.number(),
  provenance: z.looseObject({ backend: z.string(), versions: z.record(z.string(), z.string()), date: z.string() }),
});
const near = z.looseObject({ word: z.string(), distance: number });
const vector = z.looseObject({ position: z.number(), words: z.array(near), from: near.optional() });
const words = z.looseObject({ context: z.array(vector), labels: z.array(vector) });

/**
 * The result of a finished run; undefined where it has none.
 * @throws DamagedFileError
 */
export function readResult(folder: string): RunResult | undefined {
  return readOwnJson(join(folder, runFiles.result), result) as RunResult | undefined;
}

/**
 * The words that a file of a run lists; undefined where there is none.
 * @throws DamagedFileError
 */
export function readWords(path: string): NearestWords | undefined {
  return readOwnJson(path, words) as NearestWords | undefined;
}

/** What was found wrong in a folder, and the files as they were then. */
const known = new Map<string, { readonly stamp: string; readonly damage?: DamagedFileError }>();

/** The first file of a finished run that is damaged; undefined where all are as they were written. */
export function damageOf(folder: string): DamagedFileError | undefined {
  const stamp = stampOf(folder);
  const before = known.get(folder);
  if (before?.stamp === stamp) return before.damage;
  const damage = firstDamage(folder);
  known.set(folder, { stamp, damage });
  return damage;
}

function firstDamage(folder: string): DamagedFileError | undefined {
  try {
    readResult(folder);
    readOwnJson(join(folder, runFiles.predictions), predictionsFile);
    for (const stage of new Set(['.', ...trainingFolders(folder)])) checkTraining(join(folder, stage));
    return undefined;
  } catch (error) {
    if (error instanceof DamagedFileError) return error;
    throw error;
  }
}

function checkTraining(folder: string): void {
  const configuration = join(folder, runFiles.configuration);
  const text = readOwnText(configuration);
  if (text !== undefined && !isMapping(parsePlainYaml(text).value)) {
    throw new DamagedFileError(configuration, text.trim() === '' ? 'it is empty' : 'it is no configuration');
  }
  const metrics = join(folder, runFiles.metrics);
  const lines = readOwnText(metrics)?.split('\n') ?? [''];
  if (lines.pop() !== '') throw new DamagedFileError(metrics, 'its last line is cut off');
  lines.forEach((line) => parseOwnJson(line, metricsLine, metrics));
  readWords(join(folder, runFiles.words));
  const learned = join(folder, runFiles.learned);
  const problem = safetensorsProblem(learned);
  if (problem !== undefined) throw new DamagedFileError(learned, problem);
}

/** Why a file of tensors cannot be read; undefined where it can, or where there is none. */
function safetensorsProblem(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (found.isDirectory()) return 'a folder stands in its place';
  try {
    checkSafetensors(path);
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  }
}

/**
 * Puts aside what keeps a run from being done again: folders where files belong, and a checkpoint that cannot be read, without which the
 * training begins anew.
 * @returns what was put aside
 */
export function clearDamage(folder: string): string[] {
  const folders = [...new Set(['.', ...trainingFolders(folder)])].map((stage) => join(folder, stage));
  const bad = folders.flatMap((place) =>
    Object.values(runFiles)
      .map((file) => join(place, file))
      .filter((path) =>
        path.endsWith(runFiles.resume)
          ? safetensorsProblem(path) !== undefined
          : statSync(path, { throwIfNoEntry: false })?.isDirectory(),
      ),
  );
  bad.forEach(putAside);
  return bad;
}

function stampOf(folder: string): string {
  const places = ['.', ...trainingFolders(folder)].map((stage) => join(folder, stage));
  return places
    .flatMap((place) => readdirSync(place).map((file) => join(place, file)))
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return `${path} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
    })
    .join('\n');
}
