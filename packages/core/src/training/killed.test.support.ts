import { trainSettings } from './settings.js';
import { tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import { train } from './trainer.js';

/** A training that saves after every step and tells its parent of each; the parent kills it. */
export async function trainInFolder(runFolder: string): Promise<void> {
  await train({
    classifier: tinyClassifier({ promptsVision: true }),
    pipeline: tinyPipeline,
    dataset: tinyDataset(8),
    settings: trainSettings.parse({ epochs: 16, learningRate: 0.5, evaluateEvery: 1, keep: 'best', batch: 3 }),
    seed: 1,
    runFolder,
    resume: true,
    saveSeconds: 0,
    onEvent: (event) => {
      if (event.type === 'step') process.send!(event.step);
    },
  });
}
