/// <reference lib="dom" preserve="true" />
import type { RgbImage } from '@promptweave/core/portable';

/**
 * Pixels of an image, as a browser decodes it: upright, transparent parts over white.
 * @param source a file, or what is on the screen (an image, a canvas, a frame of a video)
 * @throws DOMException where the browser cannot decode it
 */
export async function decodeImage(source: ImageBitmapSource): Promise<RgbImage> {
  const bitmap = await createImageBitmap(source);
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data: pixels } = context.getImageData(0, 0, width, height);
    const data = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; to < data.length; from += 4) {
      for (let channel = 0; channel < 3; channel++) data[to++] = pixels[from + channel]!;
    }
    return { data, width, height };
  } finally {
    bitmap.close();
  }
}
