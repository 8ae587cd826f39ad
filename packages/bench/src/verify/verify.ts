import type { Backbone, Tokenizer } from '@promptweave/core';
import type { Registry } from '@promptweave/core/experiment';
import { gradientsTogether, TOLERANCES, type TensorComparison, type Tolerances } from './comparison.js';
import { composeFixture, type ComposedFixture } from './compose-fixture.js';
import { openFixtureRun, openFixtureSet, type FixtureRun, type FixtureSet } from './fixture-set.js';
import { fixtureTokenizer } from './fixture-tokenizer.js';
import { verifyTraining } from './verify-training.js';
import { verifyZeroShot } from './verify-zero-shot.js';

/** Outcome of one recorded run. */
export interface RunVerdict {
  readonly method: string;
  readonly ok: boolean;
  readonly tensors: readonly TensorComparison[];
}

/** What a verification needs besides the folder. */
export interface VerifyOptions {
  /** Only this run of the set. */
  readonly method?: string;
  readonly registry: Registry;
  /** Makes the backbone of a set; the caller knows which package does. */
  readonly loadBackbone: (set: FixtureSet, tokenizer: Tokenizer) => Backbone;
  /** What the backbone multiplies its weights with; it has tolerances of its own. Default float32. */
  readonly precision?: 'float32' | 'bfloat16';
  /** Called after each run. */
  readonly onVerdict?: (verdict: RunVerdict) => void;
}

/**
 * Repeats recorded runs of the authors' code (features, or losses, logits, gradients and trained values of every step) and
 * compares every recorded tensor.
 *
 * @throws CheckpointError where the folder is not a set of recorded runs
 */
export async function verify(folder: string, options: VerifyOptions): Promise<RunVerdict[]> {
  const set = await openFixtureSet(folder, options.method);
  const verdicts: RunVerdict[] = [];
  for (const method of set.methods) {
    const run = await openFixtureRun(set, method);
    const compared = run.description.kind ? trainingRun(set, run, options) : zeroShotRun(set, run, options);
    const tensors = gradientsTogether(compared, tolerancesOf(options));
    const verdict = { method, ok: tensors.length > 0 && tensors.every(({ ok }) => ok), tensors };
    options.onVerdict?.(verdict);
    verdicts.push(verdict);
  }
  return verdicts;
}

/** A recorded run, and a classifier that is composed as it was, with start values of its own. */
export interface RecordedRun extends ComposedFixture {
  readonly set: FixtureSet;
  readonly run: FixtureRun;
  /** Frees classifier and backbone. */
  dispose(): void;
}

/**
 * Opens one recorded training of a set.
 * @throws CheckpointError where the set has no such run
 */
export async function openRecordedRun(
  folder: string,
  method: string,
  options: Pick<VerifyOptions, 'registry' | 'loadBackbone'>,
): Promise<RecordedRun> {
  const set = await openFixtureSet(folder, method);
  return composedRun(set, await openFixtureRun(set, method), options);
}

function composedRun(
  set: FixtureSet,
  run: FixtureRun,
  { registry, loadBackbone }: Pick<VerifyOptions, 'registry' | 'loadBackbone'>,
): RecordedRun {
  const backbone = loadBackbone({ ...set, weights: run.weights }, fixtureTokenizer(run));
  const composed = composeFixture(run, backbone, registry);
  const dispose = (): void => {
    composed.classifier.dispose();
    backbone.dispose();
  };
  return { ...composed, set, run, dispose };
}

function trainingRun(set: FixtureSet, run: FixtureRun, options: VerifyOptions): TensorComparison[] {
  const recorded = composedRun(set, run, options);
  const tensors = verifyTraining(set, run, recorded, tolerancesOf(options));
  recorded.dispose();
  return tensors;
}

function zeroShotRun(set: FixtureSet, run: FixtureRun, options: VerifyOptions): TensorComparison[] {
  const ids = [...run.inputs.get('token_ids')!.data()];
  const tokenizer = { startId: ids[0]!, endId: Math.max(...ids), encode: () => [], decode: () => '' };
  const backbone = options.loadBackbone(set, tokenizer);
  const tensors = verifyZeroShot(set, run, backbone, tolerancesOf(options));
  backbone.dispose();
  return tensors;
}

const tolerancesOf = ({ precision = 'float32' }: VerifyOptions): Tolerances => TOLERANCES[precision];
