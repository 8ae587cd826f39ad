/**
 * How a file becomes red, green and blue.
 * - `reference`: as Pillow's `convert('RGB')`, which the papers' code uses: no EXIF rotation, alpha dropped, colour profiles
 *   ignored, CMYK by the plain formula, grey of 16 bits cut off at 255.
 * - `custom`: as a person expects: EXIF rotation, alpha over white, colour profiles converted to sRGB, 16 bits scaled to 8, real numbers
 *   from 0 to 1 (or 255) to 0 to 255.
 */
export type ImagePolicy = 'reference' | 'custom';
