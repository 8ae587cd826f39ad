import { CheckpointError, RandomAccessFile } from '@promptweave/core';

/** Configurations have some kilobytes. */
const LARGEST = 2 ** 20;

/** What a configuration file holds. @throws CheckpointError when it is missing, too large, or no JSON object */
export function readJsonObject(file: string): Record<string, unknown> {
  const contents = new RandomAccessFile(file);
  if (contents.size > LARGEST) {
    throw new CheckpointError(`The configuration has ${contents.size} bytes; none needs more than ${LARGEST}.`, {
      where: file,
      remedy: 'It is another kind of file: get the configuration again.',
    });
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(contents.read(0, contents.size)).toString('utf8'));
    if (isObject(value)) return value;
  } catch (cause) {
    // A RangeError: nested too deeply for the parser.
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
    throw new CheckpointError(`The configuration is not JSON: ${cause.message}.`, {
      where: file,
      remedy: 'Get the file again.',
      cause,
    });
  }
  throw new CheckpointError('The configuration is not a JSON object.', { where: file, remedy: 'Get the file again.' });
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as errors show it; long ones are cut. */
export function shown(value: unknown): string {
  const text = jsonOf(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    return 'nested without end'; // more deeply than the stack is high
  }
}
