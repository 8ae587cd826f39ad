import type { ImageItem } from '@promptweave/core';
import type { RgbImage } from '../image/rgb-image.js';

/** Passes over images after which one that none of them used makes room. */
const PASSES = 4;

interface Kept {
  readonly image: RgbImage;
  /** The pass that used it last. */
  pass: number;
}

/**
 * Decoded images of at most so many bytes together. Where it is full, the images that were unused for longest make room, if
 * none of the last passes used them: a data set that is larger than the cache keeps those it has from epoch to epoch (each new
 * one would take the place of another that comes next), and one that is done with leaves to the next one.
 */
export class ImageCache {
  /** Least recently used first. */
  private readonly images = new Map<ImageItem, Kept>();
  private bytes = 0;
  private pass = 0;
  /** An image of this pass found no room, so that the next ones need not be brought here. */
  private isFull = false;

  /** @param limit bytes; 0 keeps nothing */
  constructor(private readonly limit: number) {}

  /** A pass over images begins. */
  beginPass(): void {
    this.pass += 1;
    this.isFull = false;
  }

  get(item: ImageItem): RgbImage | undefined {
    const kept = this.images.get(item);
    if (!kept) return undefined;
    kept.pass = this.pass;
    this.images.delete(item);
    this.images.set(item, kept);
    return kept.image;
  }

  /** Whether there is room, or can be, for an image. */
  get takesMore(): boolean {
    return !this.isFull && (this.bytes < this.limit || this.oldest() !== undefined);
  }

  /** Keeps an image that is not kept yet, where it finds room. */
  set(item: ImageItem, image: RgbImage): void {
    const size = image.data.length;
    if (this.images.has(item)) return;
    for (let old = this.oldest(); old && this.bytes + size > this.limit; old = this.oldest()) this.delete(old);
    if (this.bytes + size > this.limit) {
      this.isFull = true;
      return;
    }
    this.images.set(item, { image, pass: this.pass });
    this.bytes += size;
  }

  clear(): void {
    this.images.clear();
    this.bytes = 0;
  }

  /** The image that was unused for longest, if it may go. */
  private oldest(): ImageItem | undefined {
    const [first] = this.images;
    return first && first[1].pass < this.pass - PASSES ? first[0] : undefined;
  }

  private delete(item: ImageItem): void {
    this.bytes -= this.images.get(item)?.image.data.length ?? 0;
    this.images.delete(item);
  }
}
