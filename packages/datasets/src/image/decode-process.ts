import { decodeHeic } from './decode-heic.js';
import { renderDrawing } from './render-drawing.js';
import type { RgbImage } from './rgb-image.js';

/** What the process is asked, one at a time. */
export interface ApartRequest {
  readonly kind: 'drawing' | 'heic';
  readonly file: Uint8Array;
}

/** What it answers. */
export type ApartAnswer = { readonly image: RgbImage } | { readonly message: string };

/** Bytes beyond which the process ends itself; it begins with 60 to 100 MB. A photo of 48 million pixels takes 600 MB. */
const MOST_MEMORY = { drawing: 400 * 2 ** 20, heic: 700 * 2 ** 20 };
/** Milliseconds between two looks at the memory. */
const LOOK = 20;

function send(answer: ApartAnswer): void {
  process.send?.(answer);
}

process.on('message', ({ kind, file }: ApartRequest) => {
  // Rendering is done by another thread, so that this one can look. Nothing else ends a renderer that is at work.
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > MOST_MEMORY[kind]) process.kill(process.pid, 'SIGKILL');
  }, LOOK);
  (kind === 'heic' ? decodeHeic(file) : renderDrawing(file))
    .then(
      (image) => send({ image }),
      (error: unknown) => send({ message: error instanceof Error ? error.message : String(error) }),
    )
    .finally(() => clearInterval(watch));
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
