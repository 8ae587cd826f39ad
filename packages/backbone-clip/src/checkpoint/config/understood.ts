import { CheckpointError } from '@promptweave/core';
import { isObject, shown } from './json-file.js';

/** Values of a setting with which the model is still the CLIP that is computed here. */
export interface Rule {
  /** In words, for errors. */
  readonly expected: string;
  readonly allows: (value: unknown) => boolean;
}

/** Settings that are understood, by name. */
export type Rules = Readonly<Record<string, Rule>>;

/** Read where the architecture is, or without any effect on what a trained model computes. */
export const anything: Rule = { expected: 'anything', allows: () => true };

/** Not there: absent, null, false, an empty text, list or object, or `none`. */
export const off: Rule = {
  expected: 'none',
  allows: (value) =>
    value === null ||
    value === undefined ||
    value === false ||
    value === '' ||
    value === 'none' ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0),
};

/** Absent or null: an empty object would have its defaults. */
export const absent: Rule = { expected: 'none', allows: (value) => value === null };

/** One of these values, or null. */
export function oneOf(...values: (string | number | boolean)[]): Rule {
  return {
    expected: values.map((value) => JSON.stringify(value)).join(' or '),
    allows: (value) => value === null || values.includes(value as string),
  };
}

/** An object of one setting. */
export function just(object: Record<string, unknown>, alsoNone: boolean): Rule {
  const text = shown(object);
  return {
    expected: alsoNone ? `none, or ${text}` : text,
    allows: (value) => (alsoNone && off.allows(value)) || shown(value) === text,
  };
}

/** The same rule for several settings. */
export function each(rule: Rule, ...names: string[]): Rules {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

/**
 * Checks that a section of a configuration has settings only that are understood, with values that are understood: what is
 * not known may change what the model computes, and nobody would notice.
 *
 * @throws CheckpointError naming the first other one
 */
export function requireUnderstood(values: object, rules: Rules, section: string, file: string): void {
  for (const [name, value] of Object.entries(values)) {
    const rule = Object.hasOwn(rules, name) ? rules[name]! : undefined;
    if (rule?.allows(value)) continue;
    if (!rule && value === null) continue; // nothing is set
    const path = section === '' ? name : `${section}.${name}`;
    if (rule) throw unsupported(path, value, rule.expected, file);
    throw new CheckpointError(
      `The configuration sets ${path} to ${shown(value)}, and that setting is not known here.`,
      {
        where: file,
        remedy:
          'It may change what the model computes. If it does not matter for this model, remove it from the file; else choose a CLIP with ' +
          'two plain transformers, for example openai/clip-vit-base-patch16.',
      },
    );
  }
}

/** The error for a setting with which the model is no CLIP as it is computed here. */
export function unsupported(path: string, value: unknown, expected: string, file: string): CheckpointError {
  return new CheckpointError(`${path} is ${shown(value)}, expected ${expected}.`, {
    where: file,
    remedy: 'Choose a CLIP with two plain transformers, for example openai/clip-vit-base-patch16.',
  });
}
