import { isScalar, type Document } from 'yaml';
import type { z } from 'zod';
import { isMapping } from './layers.js';

/** What was written for a value that YAML does not take as text: `2024`, `007`, `1e3`, `true`, `null`, `~`. */
export type RawText = (path: readonly PropertyKey[]) => string | undefined;

/** The raw text of a document's values. An absent value has none. */
export function rawTextOf(document: Document): RawText {
  return (path) => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    return isScalar(node) && typeof node.value !== 'string' && node.source ? node.source : undefined;
  };
}

/**
 * The value with text as it was written where the schema takes text: a folder called `007` is no 7.
 * @param raw the text of the value at a path
 */
export function withTexts(schema: z.ZodType, value: unknown, raw: RawText): unknown {
  const { error } = schema.safeParse(value);
  const paths = error?.issues.filter(wantsText).map(({ path }) => path) ?? [];
  return paths.reduce((texts: unknown, path) => {
    const text = raw(path);
    return text === undefined ? texts : put(texts, path, text);
  }, value);
}

/** True for text that is missing where something else stands, be it one of several things that could stand there. */
function wantsText(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'invalid_type') return issue.expected === 'string';
  if (issue.code !== 'invalid_union') return false;
  return issue.errors.some(([first, ...others]) => {
    return first !== undefined && others.length === 0 && first.path.length === 0 && wantsText(first);
  });
}

function put(below: unknown, [key, ...rest]: readonly PropertyKey[], text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(below)) return below.with(Number(key), put(below[Number(key)], rest, text));
  return isMapping(below) ? { ...below, [key]: put(below[String(key)], rest, text) } : below;
}
