import { extname } from 'node:path';
import { ConfigError } from '@promptweave/core';
import type { Score } from '../library/answers.js';
import type { Model } from '../library/model.js';
import { STOPPED } from '../terminal/interrupt.js';
import { createProgress } from '../terminal/progress.js';
import type { AnswerFormat } from './answer-lines.js';
import { expandImages } from './expand-images.js';
import type { PredictFlags } from './predict-flags.js';
import { predictImages } from './predict-images.js';

const SCORES: Readonly<Record<PredictFlags['scores'], Score>> = {
  probabilities: 'probability',
  similarities: 'similarity',
  logits: 'logit',
};

/** Exit code where images cannot be read; the same as of a data set's. */
const UNREAD = 4;

/** More images than this take long enough to say how far it is. */
const LONG = 32;

/** What `promptweave predict` does. */
export async function predict(words: readonly string[], flags: PredictFlags, signal: AbortSignal): Promise<void> {
  const format = formatOf(flags);
  const model = await open(flags, signal);
  const progress = createProgress({ quiet: false });
  try {
    const { items, notes } = await expandImages(words, model.imageSize);
    for (const note of notes) console.error(note);
    const many = items.length > 1;
    const isLong = items.length > LONG && (flags.out !== undefined || !process.stdout.isTTY);
    const outcome = await predictImages(model, items, {
      ...{ format, signal, score: SCORES[flags.scores] },
      ...{ top: flags.top, threshold: flags.threshold, batch: flags.batch, out: flags.out, features: flags.features },
      onProgress: (done, total) => isLong && progress.onEvaluation('predict', done, total),
    });
    progress.end();
    if (outcome.stopped) {
      const [some, all] = [outcome.images.toLocaleString('en'), items.length.toLocaleString('en')];
      const files = [flags.out, flags.features].filter((path) => path !== undefined).join(' and ');
      console.error(
        `Stopped after ${some} of ${all} images${files ? `: ${files} hold${flags.out && flags.features ? '' : 's'} these` : ''}.`,
      );
      process.exitCode = STOPPED;
      return;
    }
    if (flags.explain !== undefined) {
      const { explainImages } = await import('./explain-images.js');
      await explainImages(model, items, flags.explain, { signal });
    }
    const { images, unread, seconds } = outcome;
    if (many) console.error(`${images} images in ${seconds.toFixed(1)} s, ${(images / seconds).toFixed(1)} images/s.`);
    if (flags.out !== undefined) console.error(`Written to ${flags.out}.`);
    if (flags.features !== undefined) console.error(`Embeddings, ${images} × ${model.embedding}: ${flags.features}.`);
    if (unread > 0) {
      console.error(`${unread} of ${images} images cannot be read: their lines say why.`);
      process.exitCode = UNREAD;
    }
  } finally {
    progress.end();
    await model.close();
  }
}

/** @throws ConfigError where the words of the command do not go together */
async function open(flags: PredictFlags, signal: AbortSignal): Promise<Model> {
  const { run, classes, checkpoint, uri: server, plugin: plugins, bestBy } = flags;
  const onNote = (note: string): void => console.error(note);
  if (run !== undefined) {
    if (checkpoint !== undefined) {
      throw new ConfigError('--checkpoint is for classes without a run: a run has its own.', {
        where: '--checkpoint',
        remedy: 'Leave out --checkpoint or --run.',
      });
    }
    const { openRun } = await import('../library/open-run.js');
    return openRun(run, { server, plugins, bestBy, classes, signal, onNote });
  }
  if (!classes) {
    throw new ConfigError('It is not said what to predict with.', {
      where: '--run',
      remedy: 'Name a run (--run runs/photos), or classes to tell apart without a training (--classes cat,dog).',
    });
  }
  const { openClasses } = await import('../library/open-classes.js');
  return openClasses(classes, { ...(checkpoint && { backbone: { use: 'clip', checkpoint } }), onNote });
}

/** @throws ConfigError where several forms are asked for */
function formatOf({ csv, jsonl, json, out }: PredictFlags): AnswerFormat {
  const asked = Object.entries({ csv, jsonl, json }).flatMap(([name, on]) => (on ? [name as AnswerFormat] : []));
  if (asked.length > 1) {
    throw new ConfigError(`The output has one form, not ${asked.join(' and ')}.`, {
      where: `--${asked[1]}`,
      remedy: 'Leave out the others.',
    });
  }
  const ending = out === undefined ? '' : extname(out).slice(1).toLowerCase();
  const byName = (['csv', 'jsonl', 'json'] as const).find((format) => format === ending);
  return asked[0] ?? byName ?? 'text';
}
