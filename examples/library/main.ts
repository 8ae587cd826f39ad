// Trains on a folder of photos from a program, and uses what came of it: node main.js ./photos holiday.jpg
import { openRun, train, type Configuration } from 'promptweave';

const [photos = './photos', image = 'holiday.jpg'] = process.argv.slice(2);

const configuration: Configuration = {
  dataset: { use: 'folder', path: photos, shots: 8 },
  backbone: { use: 'clip', checkpoint: 'icons' }, // small and embedded; openai/clip-vit-base-patch16 for photos
  prompt: { use: 'coop', contextLength: 4 },
  labels: 'lamm',
  train: { epochs: 2, batch: 8, learningRate: 0.01 },
};

// Ctrl-C stops after the current step; the same call with `resume: true` goes on.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const run = await train(configuration, {
  folder: 'runs/from-a-program',
  signal: stop.signal,
  onProgress: (event) => {
    if (event.type === 'step') console.log(`step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}`);
  },
});
if (run.status === 'stopped') process.exit(130);
console.log(`accuracy ${run.result.evaluations.test?.accuracy}`);

const model = await openRun(run.folder);
const [best] = await model.predict(image);
console.log(`${image} shows: ${best?.label} (${best?.probability.toFixed(2)})`);

// Many images, some of which may be broken.
for await (const outcome of model.predictEach([image, 'no-such-file.jpg'], { top: 1 })) {
  console.log('error' in outcome ? outcome.error.message : outcome.answers);
}

// Embeddings of one space: search images by words.
const [embedding] = await model.embedImages([image]);
for (const words of ['a red circle', 'a blue circle']) {
  const [text] = await model.embedTexts([words]);
  const cosine = embedding?.reduce((sum, value, i) => sum + value * (text?.[i] ?? 0), 0);
  console.log(`"${words}": ${cosine?.toFixed(3)}`);
}
await model.close();
