import { join } from 'node:path';
import { readOwnJson, replaceOwn, type RunResult, type SetPredictions } from '@promptweave/core/experiment';
import { z } from 'zod';

/** What the backbone alone answers for the images that a run was tested on. */
export interface ZeroShotAnswers {
  readonly evaluations: RunResult['evaluations'];
  readonly sets: Readonly<Record<string, SetPredictions>>;
}

/** Name of the file in a run's folder. */
export const ZERO_SHOT = 'zero-shot.json';

const evaluation = z.looseObject({
  images: z.number(),
  accuracy: z.number(),
  classes: z.array(z.looseObject({ name: z.string(), images: z.number(), accuracy: z.number() })),
});
const file = z.looseObject({
  format: z.literal(1),
  evaluations: z.record(z.string(), evaluation),
  sets: z.record(z.string(), z.looseObject({ images: z.array(z.string()) })),
});

/** Keeps the answers in the folder of a run. */
export function writeZeroShot(folder: string, { evaluations, sets }: ZeroShotAnswers): void {
  replaceOwn(join(folder, ZERO_SHOT), `${JSON.stringify({ format: 1, evaluations, sets })}\n`);
}

/** Undefined where the run's folder has none. @throws DamagedFileError */
export function readZeroShot(folder: string): ZeroShotAnswers | undefined {
  return readOwnJson(join(folder, ZERO_SHOT), file) as ZeroShotAnswers | undefined;
}
