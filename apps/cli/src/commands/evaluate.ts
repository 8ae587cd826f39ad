import type { Command } from 'commander';
import { collect, oneOf } from '../terminal/one-of.js';
import type { Dataset, Evaluation } from '@promptweave/core';
import type { Classifier } from '@promptweave/core/experiment';
import type { Composition } from '../composition/compose.js';

interface EvaluateFlags {
  readonly split: 'train' | 'val' | 'test';
  readonly classes?: 'all' | 'base' | 'novel';
  readonly uri?: string;
  readonly plugin: readonly string[];
  readonly json?: boolean;
  readonly out?: string;
}

/** `promptweave evaluate RUN-OR-CONFIG`: accuracy and more on a split, on the trained classes or on others. */
export function register(program: Command): void {
  program
    .command('evaluate')
    .summary('evaluate a run, or a configuration as it is before training')
    .description(
      'Evaluates the prompts of a run on the images of its configuration, or of another data set (dataset.use=…).\n' +
        'With a configuration file it evaluates what training would start from: zero-shot CLIP with prompt.use=none.',
    )
    .argument('<run-or-config>', 'folder of a run, a registered model (models:/NAME@ALIAS), or a configuration file')
    .argument('[overrides...]', 'path=value, such as dataset.use=imagenetv2')
    .option('--split <name>', 'test, val or train', oneOf('test', 'val', 'train'), 'test')
    .option('--classes <which>', 'all, base or novel (default: as configured)', oneOf('all', 'base', 'novel'))
    .option('--uri <address>', 'MLflow server of a registered model (default: MLFLOW_TRACKING_URI)')
    .option(
      '--plugin <module>',
      'let the run load this module of yours: a package or a file; repeat it for several',
      collect,
      [],
    )
    .option('--out <file>', "write each image's answer to this file: .csv or .jsonl")
    .option('--json', 'print all figures as JSON, confusion matrix included')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave evaluate runs/photos\n  $ promptweave evaluate runs/photos --classes novel\n' +
        '  $ promptweave evaluate photos.yaml prompt.use=none labels.use=frozen',
    )
    .action(async (target: string, overrides: string[], flags: EvaluateFlags) => {
      const { untilInterrupted } = await import('../terminal/interrupt.js');
      await untilInterrupted((signal) => evaluate(target, overrides, flags, signal));
    });
}

async function evaluate(
  target: string,
  given: readonly string[],
  flags: EvaluateFlags,
  signal: AbortSignal,
): Promise<void> {
  const { evaluateSet, PredictionLog } = await import('@promptweave/core/experiment');
  const { requireAnswersFile, writeAnswers } = await import('../runs/answers-file.js');
  if (flags.out !== undefined) requireAnswersFile(flags.out);
  const answers = new PredictionLog();
  const { createProgress } = await import('../terminal/progress.js');
  const progress = createProgress({ quiet: flags.json === true });
  const { classes } = flags;
  const overrides = classes === undefined ? given : [...given, `dataset.classes=${classes}`, 'protocol=few-shot'];
  const { composition, classifier, dataset, close } = await open(target, overrides, flags, signal);
  try {
    const { configuration, pipeline } = composition;
    const set = { name: flags.split, dataset, split: flags.split };
    const notes = [...(classifier.parts.backbone.notes ?? []), ...(dataset.notes ?? []).map((note) => `Data: ${note}`)];
    if (!flags.json) for (const note of notes) console.error(note);
    const evaluation = await evaluateSet(classifier, set, {
      ...{ pipeline, signal },
      batchSize: configuration.evaluate.batch,
      onBadImage: configuration.train.onBadImage,
      onProgress: (done, total) => progress.onEvaluation(flags.split, done, total),
      onAnswer: answers.of(flags.split),
    });
    progress.end();
    if (flags.out !== undefined) {
      await writeAnswers(flags.out, dataset, answers.sets[flags.split]!);
      console.error(`Each image's answer: ${flags.out}`);
    }
    const told = { split: flags.split, dataset: dataset.name, ...(notes.length > 0 && { notes }) };
    console.log(flags.json ? JSON.stringify({ ...told, ...evaluation }) : table(evaluation));
  } finally {
    progress.end();
    await close();
  }
}

interface Target {
  readonly composition: Composition;
  readonly classifier: Classifier;
  readonly dataset: Dataset;
  close(): Promise<void>;
}

/** A run with its images, or a configuration's untrained classifier with them. */
async function open(
  target: string,
  overrides: readonly string[],
  flags: EvaluateFlags,
  signal: AbortSignal,
): Promise<Target> {
  const { isRun, openClassifier } = await import('../runs/open-classifier.js');
  const { compose } = await import('../composition/compose.js');
  const run = isRun(target)
    ? await openClassifier(target, { overrides, server: flags.uri, plugins: flags.plugin, signal })
    : undefined;
  const composition = run?.composition ?? (await compose({ configuration: target, overrides }));
  const experiment = await composition.experiment();
  return {
    composition,
    classifier: run?.classifier ?? experiment.classifier,
    dataset: experiment.dataset,
    close: async () => {
      experiment.dispose();
      await (run ?? composition).close();
    },
  };
}

/** The figures, and the classes from the worst to the best. */
function table({ images, accuracy, topK, macroF1, expectedCalibrationError, loss, classes }: Evaluation): string {
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`.padStart(8);
  const figures: [string, string][] = [
    ['accuracy', percent(accuracy)],
    ...(classes.length > 5 ? [['among the top 5', percent(topK[5]!)] as [string, string]] : []),
    ['macro F1', percent(macroF1)],
    ['calibration error', percent(expectedCalibrationError)],
    ['loss', loss.toFixed(4).padStart(8)],
    ['images', String(images).padStart(8)],
  ];
  const ranked = classes.filter((entry) => entry.images > 0).sort((a, b) => a.accuracy - b.accuracy);
  const rows = [
    ...figures,
    ['', ''] as const,
    ...ranked.map(({ name, accuracy: own }) => [name, percent(own)] as const),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}
