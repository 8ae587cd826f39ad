import { onnxModel, writeBundle, writeWeb, type OnnxOptions, type Precision } from '@promptweave/export';
import { CheckpointError } from '@promptweave/core';
import type { ModelDescription } from '@promptweave/web';
import writeFileAtomic from 'write-file-atomic';
import type { OpenOptions } from '../runs/open-classifier.js';
import { withModelFile } from './with-model-file.js';

/** What a run is exported to. */
export interface ExportRequest {
  readonly to: 'bundle' | 'onnx' | 'web';
  readonly out: string;
  readonly precision: Precision;
  /** What an ONNX model takes. */
  readonly input: NonNullable<OnnxOptions['input']>;
}

/** Writes a run in another form. @returns what the form says of itself */
export async function exportRun(
  run: string,
  { to, out, precision, input }: ExportRequest,
  options: OpenOptions,
): Promise<ModelDescription> {
  return withModelFile(run, options, async (model) => {
    if (to === 'bundle') await writeBundle(out, model, precision);
    else if (to === 'web') await writeWeb(out, model, precision);
    else await write(out, onnxModel(model, { input, precision }));
    return model.description;
  });
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new CheckpointError(`Cannot write the file: ${(cause as Error).message}.`, {
      where: path,
      remedy: 'Check that the folder exists, that you may write there, and that the disk has room.',
      cause,
    });
  }
}
