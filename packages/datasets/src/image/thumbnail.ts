import { decodeImage } from './decode.js';
import type { ImagePolicy } from './image-policy.js';

/**
 * A small copy of an image for people to look at.
 *
 * @param side largest width and height in pixels; smaller images stay as they are
 * @param where what the image is called, for messages
 * @returns a WebP file
 * @throws DatasetError where the file cannot be read as an image
 */
export async function thumbnail(file: Uint8Array, policy: ImagePolicy, side: number, where: string): Promise<Buffer> {
  const { data, width, height } = await decodeImage(file, policy, where);
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 75 })
    .toBuffer();
}
