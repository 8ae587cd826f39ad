import sharp from 'sharp';
import { inMillions, MOST_DRAWN_PIXELS, MOST_PIXELS } from './limits.js';
import { toRgb, type RgbImage } from './rgb-image.js';

/** Short side, in pixels, to which drawings without pixels of their own (SVG) are rendered at least. */
const DRAWING_SIDE = 512;
/** Dots per inch at which a drawing's unit is a pixel. */
const DRAWING_DENSITY = 72;

/**
 * Renders a drawing (SVG) on white, its short side at least 512 pixels. Through librsvg, which refuses what it cannot draw, follows
 * no reference to a file or an address, and bounds entities; the renderer of the emoji ends the process on some broken drawings.
 */
export async function renderDrawing(file: Uint8Array): Promise<RgbImage> {
  const { width, height } = await sharp(file, { failOn: 'error' }).metadata();
  const pixels = width * height * Math.max(1, DRAWING_SIDE / Math.min(width, height)) ** 2;
  if (!(pixels <= MOST_PIXELS)) {
    throw new Error(`a drawing of ${width} × ${height} exceeds ${inMillions(MOST_PIXELS)}`);
  }
  const zoom = Math.sqrt(Math.min(pixels, MOST_DRAWN_PIXELS) / (width * height));
  const drawing = sharp(file, { failOn: 'error', density: DRAWING_DENSITY * zoom });
  return toRgb(drawing.flatten({ background: '#ffffff' }).toColourspace('srgb'));
}
