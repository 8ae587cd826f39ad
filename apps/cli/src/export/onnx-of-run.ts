import { PromptweaveError } from '@promptweave/core';
import { onnxModel, type Precision } from '@promptweave/export';
import type { RegisteredOnnx } from '@promptweave/tracking';
import type { OpenOptions } from '../runs/open-classifier.js';
import { withModelFile } from './with-model-file.js';

/**
 * The ONNX file of a run, for a registry of models.
 *
 * @param asked whether the person asked for it: then a run that cannot be one is an error, else it is told and goes without
 */
export function onnxOfRun(
  run: string,
  { precision, asked }: { readonly precision: Precision; readonly asked: boolean },
  options: OpenOptions,
): RegisteredOnnx {
  const { onNote = (note) => console.error(note) } = options;
  const make: RegisteredOnnx['make'] = async () => {
    try {
      return await withModelFile(run, options, (model) => {
        const { classNames } = model.description;
        return Promise.resolve({ content: onnxModel(model, { precision }), classNames, precision });
      });
    } catch (error) {
      if (asked || !(error instanceof PromptweaveError)) throw error;
      onNote(`It has no ONNX file, so that promptweave alone predicts with it: ${error.message}`);
      return undefined;
    }
  };
  return { precision, make };
}
