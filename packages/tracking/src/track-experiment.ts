import {
  environmentOf,
  runExperiment,
  runFiles,
  type Evaluation,
  type RunEvent,
  type RunRequest,
  type RunResult,
  type RunStart,
  type Tracker,
  type TrainEvent,
} from '@promptweave/core';

/** How a run is called where it is recorded. */
export type RunName = Pick<RunStart, 'id' | 'name' | 'experiment' | 'parent' | 'tags'>;

/** `runExperiment`, recorded by a tracker. The caller closes the tracker. */
export async function trackExperiment(
  request: RunRequest,
  tracker: Tracker,
  name: RunName,
): Promise<RunResult | undefined> {
  const { configuration, backbone, dataset } = request.experiment;
  const environment = await environmentOf(request.surroundings);
  const digests = { checkpoint: backbone.digest, dataset: dataset.digest };
  tracker.record({ type: 'start', ...name, configuration, environment, digests });
  try {
    const onEvent = (event: TrainEvent): void => {
      const metrics = metricsOf(event);
      if (metrics) tracker.record(metrics);
      request.onEvent?.(event);
    };
    const result = await runExperiment({ ...request, onEvent });
    for (const event of result ? eventsOf(result) : []) tracker.record(event);
    tracker.record({ type: 'artifact', path: runFiles.log });
    tracker.record({ type: 'end', status: result ? 'finished' : 'stopped' });
    return result;
  } catch (error) {
    tracker.record({ type: 'end', status: 'failed', error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** The figures of a step, or of an evaluation during training; undefined for other events. */
export function metricsOf(event: TrainEvent): RunEvent | undefined {
  if (event.type === 'evaluation') {
    return { type: 'metrics', step: event.step, values: figures(event.name, event.result) };
  }
  if (event.type !== 'step') return undefined;
  const { step, loss, accuracy, learningRate, imagesPerSecond, loaderWait, terms } = event;
  const each = Object.entries(terms).map(([name, value]) => [`train/${name}`, value]);
  return {
    type: 'metrics',
    step,
    values: {
      'train/loss': loss,
      'train/accuracy': accuracy,
      'train/learningRate': learningRate,
      'train/imagesPerSecond': imagesPerSecond,
      'train/loaderWait': loaderWait,
      ...(Object.fromEntries(each) as Record<string, number>),
    },
  };
}

/** What a finished run has to show: figures, learned prompts, confusion matrices, the result. */
export function eventsOf({ evaluations, training, parameters, evaluationSeconds }: RunResult): RunEvent[] {
  const figuresOfAll = Object.entries(evaluations).map(([name, evaluation]) => figures(name, evaluation));
  const values = Object.assign({ parameters, trainingSeconds: training.seconds, evaluationSeconds }, ...figuresOfAll);
  return [
    { type: 'metrics', step: training.step, values: values as Record<string, number> },
    { type: 'artifact', path: runFiles.learned },
    { type: 'artifact', path: runFiles.result },
    ...Object.entries(evaluations).map(([name, evaluation]): RunEvent => {
      return { type: 'artifact', path: `confusion/${name}.csv`, content: confusionTable(evaluation) };
    }),
  ];
}

function figures(name: string, evaluation: Evaluation): Record<string, number> {
  const { accuracy, macroF1, loss, expectedCalibrationError, topK } = evaluation;
  const top = Object.entries(topK).filter(([k]) => k !== '1');
  return {
    [`${name}/accuracy`]: accuracy,
    [`${name}/macroF1`]: macroF1,
    [`${name}/loss`]: loss,
    [`${name}/expectedCalibrationError`]: expectedCalibrationError,
    ...Object.fromEntries(top.map(([k, value]) => [`${name}/top${k}`, value])),
  };
}

/** A row for each actual class, a column for each predicted one. */
function confusionTable({ classes, confusion }: Evaluation): string {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const names = classes.map(({ name }) => quote(name));
  const rows = confusion.map((row, actual) => [names[actual], ...row].join(','));
  return `${[['actual \\ predicted', ...names].join(','), ...rows].join('\n')}\n`;
}
