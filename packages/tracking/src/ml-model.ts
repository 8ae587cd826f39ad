import { posix } from 'node:path';
import { runFiles, type LearnedDescription } from '@promptweave/core/experiment';
import { stringify } from 'yaml';

/** How the folder of a model among the artifacts of its run begins. */
export const MODEL_FOLDER = 'model';

/**
 * The `MLmodel` file, by which MLflow knows a model: an encoded image file in, a probability for each class out.
 *
 * MLflow reads and shows it; to predict, the model is downloaded and used by promptweave.
 *
 * @param model its folder among the artifacts, its last training's folder within that, and the SHA-256 of its prompts
 */
export function mlModel(
  learned: LearnedDescription,
  model: { readonly artifactPath: string; readonly folder: string; readonly digest: string; readonly runId: string },
): string {
  const { artifactPath, folder, digest, runId } = model;
  const { classNames, backbone, version } = learned;
  const inputs = [{ type: 'binary', name: 'image', required: true }];
  const outputs = [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, classNames.length] } }];
  return stringify(
    {
      artifact_path: artifactPath,
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
