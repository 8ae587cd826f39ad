import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import {
  hostTensor,
  readSafetensors,
  writeSafetensors,
  type HostTensor,
  type StateDict,
} from '../safetensors/index.js';
import { firstDifference } from './difference.js';
import type { EpochAverage } from './average.js';
import type { Optimizer } from './optimizer.js';
import { assignValues, variableValues } from './variable-values.js';

/** Where a training stands. Everything random is a function of seed, epoch and item, so these numbers suffice. */
const progress = z.object({
  /** The pass that the next batch belongs to, from 0. */
  epoch: z.number(),
  /** Images of that pass that are behind. */
  offset: z.number(),
  /** Optimiser steps behind. */
  step: z.number(),
  /** The phase, from 0, and where it began: passes and steps behind it then. Absent in the files of versions that knew one phase. */
  phase: z
    .object({ number: z.number(), epoch: z.number(), step: z.number() })
    .default({ number: 0, epoch: 0, step: 0 }),
  /** Seconds of training so far. */
  seconds: z.number(),
  /** The best validation so far, where the best values are kept. */
  best: z.object({ epoch: z.number(), step: z.number(), accuracy: z.number() }).optional(),
  /** The best validation of the phase so far, and the evaluations since, where the training may stop early. */
  waiting: z.object({ epoch: z.number(), accuracy: z.number(), evaluations: z.number() }).optional(),
  /** Phases that were stopped early: after which epoch and step, and the best validation before. */
  stops: z
    .array(
      z.object({
        ...{ phase: z.number(), epoch: z.number(), step: z.number() },
        ...{ patience: z.number(), bestEpoch: z.number(), bestAccuracy: z.number() },
      }),
    )
    .optional(),
});

/** Where a training stands. */
export type Progress = z.output<typeof progress>;

/** What must be the same when a training goes on: JSON. */
export type TrainingIdentity = Readonly<Record<string, unknown>>;

/** What belongs to one phase of a training alone. */
export interface PhaseState {
  readonly optimizer: Optimizer;
  readonly average?: EpochAverage;
}

/** A training that goes on: where it stands, and the best values so far. */
export interface Resumed {
  readonly progress: Progress;
  /** What computed it so far. */
  readonly computation?: string;
  readonly best?: StateDict;
}

const KEY = 'promptweave-resume';

/** Everything that an interrupted training needs to go on with the same bits, written atomically. */
export async function saveResume(
  path: string,
  state: {
    readonly classifier: Classifier;
    readonly progress: Progress;
    readonly identity: TrainingIdentity;
    readonly computation?: string;
    readonly best?: StateDict;
  } & PhaseState,
): Promise<void> {
  const tensors: StateDict = new Map([
    ...under('variables/', await variableValues(state.classifier.values)),
    ...under('optimizer/', await variableValues(state.optimizer.state())),
    ...under('best/', state.best ?? new Map()),
    ...under('average/', await variableValues(state.average?.state() ?? {})),
  ]);
  const { progress: standing, identity, computation } = state;
  await writeSafetensors(path, tensors, { [KEY]: JSON.stringify({ ...standing, identity, computation }) });
}

/**
 * Puts variables, optimiser and average back to where they were.
 * @param stateOf optimiser and average of the phase that it stands in
 * @throws CheckpointError where the file is damaged or belongs to another training; it names the first difference
 */
export async function loadResume(
  path: string,
  classifier: Classifier,
  stateOf: (progress: Progress) => PhaseState,
  identity: TrainingIdentity,
): Promise<Resumed> {
  const { metadata, tensors } = await readSafetensors(path);
  const parsed = progress
    .extend({ identity: z.record(z.string(), z.unknown()), computation: z.string().optional() })
    .safeParse(JSON.parse(metadata[KEY] ?? 'null'));
  if (!parsed.success) {
    throw new CheckpointError('This file does not say where a training stands.', {
      where: path,
      remedy: 'Begin anew without --resume.',
    });
  }
  const { identity: saved, computation, ...standing } = parsed.data;
  requireSame(path, saved, identity);
  assignValues(classifier, stripped('variables/', tensors), path);
  const { optimizer, average } = stateOf(standing);
  for (const [prefix, owner] of [
    ['optimizer/', optimizer],
    ['average/', average],
  ] as const) {
    const state = tensorsOf(stripped(prefix, tensors));
    owner?.restore(state);
    tf.dispose(state);
  }
  // In memory, for the file will be replaced.
  const best: StateDict = new Map(
    [...stripped('best/', tensors)].map(([name, tensor]) => [name, hostTensor(tensor.data(), tensor.shape)]),
  );
  return { progress: standing, ...(computation !== undefined && { computation }), ...(best.size > 0 && { best }) };
}

function tensorsOf(state: StateDict): Record<string, tf.Tensor> {
  return Object.fromEntries(
    [...state].map(([name, tensor]) => {
      const values = tensor.data();
      return [name, tf.tensor(values, tensor.shape, values instanceof Float32Array ? 'float32' : 'int32')];
    }),
  );
}

function requireSame(path: string, saved: unknown, present: unknown): void {
  const found = firstDifference(saved, JSON.parse(JSON.stringify(present)));
  if (!found) return;
  const message = `The training that is to go on differs in ${found.path}: ${found.a} there, ${found.b} here.`;
  throw new CheckpointError(message, {
    where: path,
    remedy: 'Resume with the configuration that it was begun with, or begin anew in another folder.',
  });
}

function under(prefix: string, tensors: StateDict): [string, HostTensor][] {
  return [...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor]);
}

function stripped(prefix: string, tensors: StateDict): StateDict {
  return new Map(
    [...tensors].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])),
  );
}
