import { readBundle } from '@promptweave/export';
import { createDataPipeline } from '@promptweave/datasets';
import { ImageModel } from '@promptweave/web';
import { chooseBackend, decodingThreads } from '../composition/compose.js';
import type { OpenOptions } from '../runs/open-classifier.js';
import type { Answering } from './answering.js';

/** What a file of `promptweave export --to bundle` answers with. */
export async function exportedAnswering(
  file: string,
  { onNote = (note) => console.error(note), onSkip }: Pick<OpenOptions, 'onNote' | 'onSkip'> = {},
): Promise<Answering> {
  const bundle = await readBundle(file);
  await chooseBackend({ backend: 'auto', tf32: false, fast: true, precision: 'float32' }, onNote);
  const model = new ImageModel(bundle);
  const pipeline = createDataPipeline({ workers: decodingThreads(), onSkip });
  const { preprocessing, embedding } = model.description;
  return {
    classNames: model.classNames,
    ...{ preprocessing, embedding, pipeline },
    notes: [],
    encode: (images) => model.encode(images),
    logits: (encoded) => model.logits(encoded),
    similarities: (encoded) => model.similarities(encoded),
    close: async () => {
      model.dispose();
      await pipeline.close();
    },
  };
}
