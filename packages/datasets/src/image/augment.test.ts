import { describe, expect, it } from 'vitest';
import { augmentForTraining, drawCrop, drawsFor, type Draws } from './augment.js';
import { resize } from '@promptweave/core/portable';
import type { RgbImage } from './rgb-image.js';

const plain = { resize: 'shortest', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] } as const;
const gradient = (width: number, height: number): RgbImage => ({
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.trunc(i / 3) % width) * 2 + (i % 3)),
  width,
  height,
});
/** Draws that are given in advance: units, then whole numbers. */
const scripted = (units: number[], wholes: number[]): Draws => ({
  unit: () => units.shift() as number,
  below: () => wholes.shift() as number,
});

describe('the crop', () => {
  it('has the drawn area and shape', () => {
    // area 0.08 + 0.5 · 0.92 = 0.54 of 100 × 80 = 4320; ratio exp(log 3/4 + 0.5 · log 16/9) = 1: 65.7 squared
    expect(drawCrop(100, 80, scripted([0.5, 0.5], [7, 11]))).toEqual({ left: 11, top: 7, width: 66, height: 66 });
  });

  it('keeps at least the share that is asked for', () => {
    // area 0.5 + 0.5 · 0.5 = 0.75 of 100 × 80 = 6000: 77.5 squared
    expect(drawCrop(100, 80, scripted([0.5, 0.5], [1, 2]), 0.5)).toEqual({ left: 2, top: 1, width: 77, height: 77 });
    for (let i = 0; i < 200; i++) {
      const { width, height } = drawCrop(500, 375, drawsFor(1, 0, `image ${i}`), 0.5);
      expect((width * height) / (500 * 375)).toBeGreaterThan(0.495);
    }
  });

  it('falls back on the largest allowed rectangle in the centre', () => {
    const never = (): Draws => ({ unit: () => 0.999999, below: () => 0 });
    expect(drawCrop(400, 100, never())).toEqual({ left: 133, top: 0, width: 133, height: 100 });
    expect(drawCrop(100, 400, { unit: () => 0.99, below: () => 0 })).toEqual({
      left: 0,
      top: 133,
      width: 100,
      height: 133,
    });
    expect(drawCrop(1, 1, never())).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });

  it('covers 8 to 100 % at 3:4 to 4:3 and stays inside', () => {
    const shares: number[] = [];
    for (let i = 0; i < 1500; i++) {
      const { left, top, width, height } = drawCrop(500, 375, drawsFor(1, 0, `image ${i}`));
      expect(left + width <= 500 && top + height <= 375 && left >= 0 && top >= 0).toBe(true);
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      shares.push((width * height) / (500 * 375));
    }
    expect(Math.min(...shares)).toBeGreaterThan(0.079);
    expect(Math.min(...shares)).toBeLessThan(0.1);
    // 200,000 draws of the same rule in Python: 0.4323. (Large crops that do not fit are drawn again.)
    expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) / shares.length - 0.4323)).toBeLessThan(0.02);
  });
});

describe('the draws of an image', () => {
  it('depend on seed, epoch and image, and on nothing else', () => {
    const first = (seed: number, epoch: number, id: string): number => drawsFor(seed, epoch, id).unit();
    const value = first(1, 2, 'a.jpg');
    expect(first(1, 2, 'a.jpg')).toBe(value);
    const others = [first(2, 2, 'a.jpg'), first(1, 3, 'a.jpg'), first(1, 2, 'b.jpg'), first(12, 0, 'a.jpg')];
    expect(new Set([value, ...others]).size).toBe(5);
  });
});

describe('the training transform', () => {
  it('is the crop, resized, and mirrored when the last draw is below a half', () => {
    const image = gradient(90, 60);
    const crop = { left: 11, top: 5, width: 48, height: 48 };
    const share = (48 * 48) / (90 * 60);
    const units = (flip: number): number[] => [(share - 0.08) / 0.92, 0.5, flip];
    const straight = augmentForTraining(image, { ...plain, size: 32 }, scripted(units(0.5), [5, 11]));
    const { data } = resize(image, crop, 32, 32, 'bicubic');
    expect(Array.from(straight.subarray(0, 32), (v) => Math.round(v * 255))).toEqual(
      Array.from({ length: 32 }, (_, x) => data[x * 3]),
    );
    const mirrored = augmentForTraining(image, { ...plain, size: 32 }, scripted(units(0.49), [5, 11]));
    expect(Array.from(mirrored.subarray(0, 32))).toEqual(Array.from(straight.subarray(0, 32)).reverse());
  });

  it('does not look at pixels outside the crop', () => {
    const image = gradient(90, 60);
    const outside = { ...image, data: image.data.map((v, i) => (Math.trunc(i / 3) % 90 < 11 ? 255 : v)) };
    const crop = { left: 11, top: 5, width: 48, height: 48 };
    expect(resize(outside, crop, 20, 20, 'bicubic').data).toEqual(resize(image, crop, 20, 20, 'bicubic').data);
  });
});
