import { createRequire } from 'node:module';
import type * as resvg from '@resvg/resvg-js';
import { DatasetError } from '@promptweave/core';

/**
 * Draws an SVG document as large as fits a square of `size` pixels, centred.
 *
 * @param size side of the square in pixels
 * @param background colour under the drawing, white by default; `transparent` leaves it out
 * @returns RGBA bytes, `[size, size, 4]`, and the same as a PNG file
 * @throws DatasetError when the document is not valid SVG
 */
export function renderSvg(svg: string, size: number, background = '#ffffff'): { pixels: Buffer; png: () => Buffer } {
  // Loaded with the first drawing, for most programs draw none.
  const { Resvg } = createRequire(import.meta.url)('@resvg/resvg-js') as typeof resvg;
  try {
    const image = new Resvg(squared(svg), {
      fitTo: { mode: 'width', value: size },
      background,
      font: { loadSystemFonts: false },
    }).render();
    return { pixels: image.pixels, png: () => image.asPng() };
  } catch (cause) {
    throw new DatasetError('The SVG document cannot be drawn.', { where: svg.slice(0, 120), cause });
  }
}

/** Widens the view box to a square around the same centre. */
function squared(svg: string): string {
  return svg.replace(/viewBox="([^"]+)"/, (_, box: string) => {
    const [left = 0, top = 0, width = 1, height = 1] = box.split(' ').map(Number);
    const side = Math.max(width, height);
    return `viewBox="${left - (side - width) / 2} ${top - (side - height) / 2} ${side} ${side}" width="${side}" height="${side}"`;
  });
}
