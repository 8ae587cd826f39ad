import { expect, it } from 'vitest';
import * as ours from './errors.js';
import * as programs from './programs.js';
import { ConformanceError } from './testing/conformance-error.js';
import { attempt } from './plugin/guarded.js';

/** Another copy of the module, as a plugin that brings a core of its own has it. */
const theirs = (await import(/* @vite-ignore */ `./errors.js?${'copy'}`)) as typeof ours;
const kinds = [
  'PromptweaveError',
  'ConfigError',
  'CheckpointError',
  'DatasetError',
  'BackendError',
  'TrainingError',
] as const;

it('is another module', () => {
  expect(theirs.ConfigError).not.toBe(ours.ConfigError);
  expect(Function.prototype[Symbol.hasInstance].call(ours.ConfigError, new theirs.ConfigError('no'))).toBe(false);
});

it.each(kinds)('%s of another copy is known, with its exit code and what it says', (kind) => {
  const error: unknown = new theirs[kind]('It is wrong.', { where: 'there', remedy: 'Mend it.' });
  for (const other of kinds) {
    expect(error instanceof ours[other], other).toBe(other === kind || other === 'PromptweaveError');
  }
  expect(error).toMatchObject({
    name: kind,
    exitCode: new ours[kind]('').exitCode,
    where: 'there',
    remedy: 'Mend it.',
  });
  expect(Object.keys(error as object).sort()).toEqual(['change', 'exitCode', 'name', 'remedy', 'where']);
});

it('of a class without a mark is known by the class above it, and by its own class', () => {
  class NoteError extends theirs.DatasetError {}
  class OtherError extends theirs.DatasetError {}
  const error: unknown = new NoteError('It is wrong.');
  expect(error instanceof ours.DatasetError).toBe(true);
  expect(error instanceof ours.ConfigError).toBe(false);
  expect(error instanceof NoteError).toBe(true);
  expect(error instanceof OtherError).toBe(false);
});

it.each([undefined, null, 'ConfigError', new Error('ConfigError'), { name: 'ConfigError', exitCode: 2 }, () => 1])(
  'is not what has no mark: %s',
  (thrown) => expect(kinds.some((kind) => thrown instanceof ours[kind])).toBe(false),
);

it('of another copy is told as it is where a plugin throws it, not as a fault of the plugin', () => {
  const owner = { plugin: { kind: 'loss', name: 'hum' }, module: 'hum' } as const;
  const error = new theirs.ConfigError('The volume is wrong.');
  const throwing = (): never => {
    throw error;
  };
  expect(() => attempt(owner, 'threw', throwing)).toThrow(error);
});

it('has a mark of its own wherever it is exported', () => {
  const base: object = ours.PromptweaveError;
  const classes = Object.values({ ...ours, ...programs, ConformanceError }).filter(
    (value): value is typeof ours.PromptweaveError =>
      typeof value === 'function' && (value === base || Object.prototype.isPrototypeOf.call(base, value)),
  );
  expect(classes.length).toBeGreaterThan(9);
  for (const { name, mark } of classes) expect(mark).toBe(ours.errorMark(name));
});
