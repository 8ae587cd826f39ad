import { decodeHeic, NoLibheif } from './decode-heic.js';
import { MOST_BYTES, MOST_DRAWING_BYTES } from './limits.js';
import { renderDrawing } from './render-drawing.js';
import type { RgbImage } from './rgb-image.js';

/** What the process is asked, one at a time. */
export interface ApartRequest {
  readonly kind: 'drawing' | 'heic';
  readonly file: Uint8Array;
}

/** What became of the image. `noLibheif`: what decodes it cannot be loaded, for a reason, or is not installed. */
type Outcome =
  | { readonly image: RgbImage }
  | { readonly message: string }
  | { readonly noLibheif: { readonly reason?: string } };

/** What it answers. `grown`: the process holds so much memory that another should take its place. */
export type ApartAnswer = Outcome & { readonly grown: boolean };

/** Bytes that the process has without an image. */
const OWN = 128 * 2 ** 20;
/** Bytes beyond which the process ends itself. */
const MOST = { drawing: OWN + MOST_DRAWING_BYTES, heic: OWN + MOST_BYTES };
/** Bytes that it may hold while it waits; what libheif took is never given back. */
const MOST_IDLE = 192 * 2 ** 20;
/** Milliseconds between two looks at the memory. */
const LOOK = 20;

function send(outcome: Outcome): void {
  const sent: ApartAnswer = { ...outcome, grown: process.memoryUsage.rss() > MOST_IDLE };
  process.send?.(sent);
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof NoLibheif) return { noLibheif: { reason: error.reason } };
  return { message: error instanceof Error ? error.message : String(error) };
}

process.on('message', ({ kind, file }: ApartRequest) => {
  // Rendering is done by another thread, so that this one can look. Nothing else ends a renderer that is at work.
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > MOST[kind]) process.kill(process.pid, 'SIGKILL');
  }, LOOK);
  (kind === 'heic' ? decodeHeic(file) : renderDrawing(file))
    .then(
      (image) => send({ image }),
      (error: unknown) => send(outcomeOf(error)),
    )
    .finally(() => clearInterval(watch));
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
