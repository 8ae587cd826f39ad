import { DatasetError } from '@promptweave/core/portable';

/** A reason for which an image is refused, with what to do about it. */
export class Refusal extends Error {
  constructor(
    reason: string,
    readonly remedy: string,
  ) {
    super(reason);
  }
}

/** The error for an image that a decoder refuses. */
export function unreadable(cause: unknown, where: string): DatasetError {
  const said = cause instanceof Error ? cause.message.split('\n')[0].replace(/[\s:.]+$/, '') : String(cause);
  const reason = /unknown error/i.test(said) ? 'the file is damaged' : said; // all that libvips knows of some
  return new DatasetError(`The image cannot be read: ${reason}.`, { where, remedy: remedyOf(cause, reason), cause });
}

function remedyOf(cause: unknown, reason: string): string {
  const skip = 'skip such images with train.onBadImage=skip.';
  if (cause instanceof Refusal) return `${cause.remedy} Or ${skip}`;
  return /exceeds|takes (more|too)/.test(reason)
    ? `Use a smaller or simpler copy of it, or ${skip}`
    : `Replace it by a whole JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, BMP or SVG, or ${skip}`;
}
