import { CheckpointError, type Preprocessing } from '@promptweave/core';
import { shown } from '../config/json-file.js';

/** What a file beside the weights says about images; what it leaves out is absent. */
export interface StatedPreprocessing extends Partial<Preprocessing> {
  /** Path of the file. */
  readonly file: string;
}

/** Three finite numbers. @throws CheckpointError where they are anything else */
export function statedNumbers(value: unknown, name: string, file: string): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  const numbers = typeof value === 'number' ? [value, value, value] : value;
  const positive = name.endsWith('std');
  const right = (number: unknown): boolean => Number.isFinite(number) && (!positive || (number as number) > 0);
  if (Array.isArray(numbers) && numbers.length === 3 && numbers.every(right)) return numbers as number[];
  throw cannot(`${name} is ${shown(value)}, expected three ${positive ? 'positive ' : ''}numbers`, file);
}

/** A whole number of pixels. @throws CheckpointError where it is anything else */
export function statedPixels(value: unknown, name: string, file: string): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number;
  throw cannot(`${name} is ${shown(value)}, expected a number of pixels`, file);
}

/** The error for a way of preparing images that is not done here. */
export function cannot(problem: string, file: string): CheckpointError {
  return new CheckpointError(`Images cannot be prepared as the file says: ${problem}.`, {
    where: file,
    remedy:
      'Correct the file where it is wrong for these weights. What is done here: the short side resized and the centre cut out, or ' +
      'squashed to the square; bicubic or bilinear; mean and standard deviation of three colours.',
  });
}
