import { posix } from 'node:path';
import { runFiles, type LearnedDescription } from '@promptweave/core/experiment';
import { stringify } from 'yaml';
import { onnxFlavours, onnxSignature, type OnnxModel } from './onnx-flavour.js';

/** How the folder of a model among the artifacts of its run begins. */
export const MODEL_FOLDER = 'model';

/**
 * The `MLmodel` file, by which MLflow knows a model. With an ONNX file, MLflow's own `pyfunc` predicts with it: pixels in, logits and
 * probabilities out. Without one, MLflow shows the signature (an encoded image file in, a probability for each class out), and to predict, the
 * model is downloaded and used by promptweave.
 *
 * @param model its folder among the artifacts, its last training's folder within that, and the SHA-256 of its prompts
 */
export function mlModel(
  learned: LearnedDescription,
  model: {
    readonly artifactPath: string;
    readonly folder: string;
    readonly digest: string;
    readonly runId: string;
    readonly onnx?: OnnxModel;
  },
): string {
  const { artifactPath, folder, digest, runId, onnx } = model;
  const { classNames, backbone, version } = learned;
  const inputs = [{ type: 'binary', name: 'image', required: true }];
  const outputs = [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, classNames.length] } }];
  const signature = onnx ? onnxSignature(onnx) : { inputs, outputs };
  return stringify(
    {
      artifact_path: artifactPath,
      flavors: {
        ...(onnx && onnxFlavours),
        promptweave: {
          version,
          data: posix.join(folder, runFiles.learned),
          configuration: posix.join(folder, runFiles.configuration),
          code: null,
        },
      },
      metadata: {
        classNames: [...(onnx?.classNames ?? classNames)],
        backbone: backbone.name,
        checkpoint: backbone.digest,
        learned: digest,
      },
      model_uuid: digest.slice(0, 32),
      run_id: runId,
      signature: { inputs: JSON.stringify(signature.inputs), outputs: JSON.stringify(signature.outputs), params: null },
    },
    { lineWidth: 0 },
  );
}
