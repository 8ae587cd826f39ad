import type { z } from 'zod';
import { nearestName, suggestion } from './nearest-name.js';

type Issue = z.core.$ZodRawIssue | z.core.$ZodIssue;

const types: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Unknown names that one finding tells. */
const NAMED = 5;

/** `expected …, received …` for one finding of zod. */
export function describeIssue(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') {
    const keys = (issue.keys as string[]).slice(0, NAMED).map((key) => describeValue(key));
    const { inst } = issue as { readonly inst?: z.core.$ZodObject };
    const shape = inst?._zod.def.shape;
    const hint = shape ? `.${suggestion((issue.keys as string[])[0]!, Object.keys(shape), 'There are')}` : '';
    return `there is nothing called ${alternatives(keys)} here${hint}`;
  }
  const expected = expectedBy(issue);
  if (issue.input === undefined) return `missing; expected ${expected}`;
  const nearest =
    issue.code === 'invalid_value' && nearestName(String(issue.input), (issue.values as unknown[]).map(String));
  const hint = nearest ? `. Did you mean \`${nearest}\`?` : '';
  return `expected ${expected}, received ${describeValue(issue.input)}${hint}`;
}

/** A value as an error message shows it, at most 60 characters. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'number' && typeof issue.input === 'number') return 'a finite number';
      if (issue.expected === 'number' && isWhole(issue)) return types['int']!;
      return types[String(issue.expected)] ?? String(issue.expected);
    case 'invalid_value':
      return alternatives((issue.values as unknown[]).map(String));
    case 'too_small':
      return bound(issue.origin as string, issue.inclusive === false ? 'above' : 'at least', issue.minimum as number);
    case 'too_big':
      return bound(issue.origin as string, issue.inclusive === false ? 'below' : 'at most', issue.maximum as number);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `a string that is a valid ${issue.format}`;
    case 'invalid_union': {
      const branches = (issue.errors as z.core.$ZodIssue[][]).flatMap((branch) => branch.slice(0, 1));
      const texts = branches
        .map(expectedBy)
        .flatMap((text) => (text === types['boolean'] ? ['true', 'false'] : [text]));
      return alternatives([...new Set(texts)]);
    }
    default:
      return `something else (${issue.code})`;
  }
}

/** The schema of whole numbers tells `number` when it gets something else. */
function isWhole(issue: Issue): boolean {
  const { inst } = issue as { readonly inst?: z.core.$ZodNumberFormat };
  return inst?._zod.def.format === 'safeint';
}

function bound(origin: string, relation: string, limit: number): string {
  if (origin === 'array' || origin === 'tuple') return `${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `${relation} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return `a number ${relation === 'at least' || relation === 'at most' ? `of ${relation}` : relation} ${limit}`;
}
