import * as tf from '@tensorflow/tfjs-core';
import { seededNormal } from '@promptweave/core';
import { expect, it } from 'vitest';
import { patchRotation, turned, turnedBack } from './rotation.js';

const shapeOf = (classToken: boolean) => ({
  vision: { width: 16, layers: 2, heads: 2, imageSize: 9, patchSize: 4, classToken },
});

/** Rotation of one row of a head of 8 values by column and row, as complex numbers. */
function expected(row: readonly number[], column: number, line: number): number[] {
  return [column, line].flatMap((place, axis) =>
    [0, 1].flatMap((j) => {
      const angle = place * 10_000 ** (-j / 2);
      const [a, b] = row.slice(4 * axis + 2 * j) as [number, number];
      return [a * Math.cos(angle) - b * Math.sin(angle), b * Math.cos(angle) + a * Math.sin(angle)];
    }),
  );
}

it.each([true, false])('turns patches by column and row, and nothing else, class token %s', (classToken) => {
  tf.tidy(() => {
    const rows = (classToken ? 1 : 0) + 4 + 2; // with two prompts
    const x = seededNormal([2, 3, rows, 8], 1, 7, 'rows') as tf.Tensor4D;
    const by = patchRotation(shapeOf(classToken))(rows)();
    const found = turned(x, by).arraySync();
    const first = classToken ? 1 : 0;
    x.arraySync().forEach((head, h) =>
      head.forEach((sequence, c) =>
        sequence.forEach((row, i) => {
          const patch = i - first;
          const isPatch = patch >= 0 && patch < 4;
          const right = isPatch ? expected(row, first + (patch % 2), first + Math.floor(patch / 2)) : row;
          found[h]![c]![i]!.forEach((value, k) => expect(value).toBeCloseTo(right[k]!, 5));
        }),
      ),
    );
    const back = turnedBack(turned(x, by), by);
    expect(tf.max(tf.abs(tf.sub(back, x))).dataSync()[0]).toBeLessThan(1e-6);
  });
});
