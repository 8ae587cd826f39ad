import { posix } from 'node:path';
import { runFiles, type LearnedDescription } from '@promptweave/core';
import { stringify } from 'yaml';

/** Folder of a model among the artifacts of its run. */
export const MODEL_FOLDER = 'model';

/**
 * The `MLmodel` file, by which MLflow knows a model: an encoded image file in, a probability for each class out.
 *
 * MLflow reads and shows it; to predict, the model is downloaded and used by promptweave.
 *
 * @param folder of the last training within the model's
 */
export function mlModel(learned: LearnedDescription, digest: string, runId: string, folder: string): string {
  const { classNames, backbone, version } = learned;
  const inputs = [{ type: 'binary', name: 'image', required: true }];
  const outputs = [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, classNames.length] } }];
  return stringify(
    {
      artifact_path: MODEL_FOLDER,
      flavors: {
        promptweave: {
          version,
          data: posix.join(folder, runFiles.learned),
          configuration: posix.join(folder, runFiles.configuration),
          code: null,
        },
      },
      metadata: {
        classNames: [...classNames],
        backbone: backbone.name,
        checkpoint: backbone.digest,
        learned: digest,
      },
      model_uuid: digest.slice(0, 32),
      run_id: runId,
      signature: { inputs: JSON.stringify(inputs), outputs: JSON.stringify(outputs), params: null },
    },
    { lineWidth: 0 },
  );
}
