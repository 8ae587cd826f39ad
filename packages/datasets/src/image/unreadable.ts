import { DatasetError } from '@promptweave/core';

/** The error for an image that a decoder refuses. */
export function unreadable(cause: unknown, where: string): DatasetError {
  const said = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  const reason = /unknown error/i.test(said) ? 'the file is damaged' : said; // all that libvips knows of some
  const replacement = /exceeds|takes (more|too)/.test(reason)
    ? 'Use a smaller or simpler copy of it'
    : 'Replace it by a whole JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC or SVG';
  const remedy = `${replacement}, or skip such images with train.onBadImage=skip.`;
  return new DatasetError(`The image cannot be read: ${reason}.`, { where, remedy, cause });
}
