import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { replaceKernel, wasmKernel } from './replace-kernel.js';

/**
 * Axes that stay beside each other become one before the WebAssembly backend transposes: from five axes on it takes some twenty times as
 * long as for four.
 */
export function registerTranspose(): void {
  const original = wasmKernel<{ x: TensorInfo }, { perm: number[] }>('Transpose');
  replaceKernel<{ x: TensorInfo }, { perm: number[] }>('Transpose', ({ inputs: { x }, backend, attrs: { perm } }) => {
    const { shape, perm: fewer } = withFewerAxes(x.shape, perm);
    const output = original({ inputs: { x: { ...x, shape } }, backend, attrs: { perm: fewer } });
    return { ...output, shape: perm.map((axis) => x.shape[axis]!) };
  });
}

/** The same transposition with as few axes as it needs. */
function withFewerAxes(shape: readonly number[], perm: readonly number[]): { shape: number[]; perm: number[] } {
  const axes = shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const groups: number[][] = [];
  for (const axis of perm.filter((axis) => shape[axis] !== 1).map((axis) => axes.indexOf(axis))) {
    const group = groups.at(-1);
    if (group?.at(-1) === axis - 1) group.push(axis);
    else groups.push([axis]);
  }
  const ordered = groups.toSorted(([a], [b]) => a! - b!);
  return {
    shape: ordered.map((group) => util.sizeFromShape(group.map((axis) => shape[axes[axis]!]!))),
    perm: groups.map((group) => ordered.indexOf(group)),
  };
}
