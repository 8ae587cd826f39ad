import { PromptweaveError } from '@promptweave/core/portable';

/**
 * A format cannot be decoded on this machine, because what decodes it is not installed. No fault of the image or the data set, so that no
 * image is skipped or called unreadable because of it.
 */
export class MissingDecoder extends PromptweaveError {
  override readonly exitCode = 4;
}

/** The error where libheif-js cannot be loaded. @param reason why not, or undefined where it is not installed */
export function missingLibheif(where: string, reason?: string): MissingDecoder {
  const problem = reason === undefined ? 'is not installed' : `cannot be loaded: ${reason}`;
  return new MissingDecoder(`Photos in HEIC are decoded by the package libheif-js, which ${problem}.`, {
    where,
    remedy: 'Run `npm install libheif-js` where promptweave is installed, or convert the photos to JPEG.',
  });
}
