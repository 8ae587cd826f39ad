import type { ConfigurationSource, RawText } from '@promptweave/core/experiment';

/** What was written for the values of a grid that are no text, so that a cell's option that is text gets `007`, not 7. */
export type WrittenValues = ReadonlyMap<unknown, string>;

/** Collects what was written below a path of a source. Of a value that was written in two ways, nothing is known. */
export function writtenValues({ value, raw }: ConfigurationSource, path: readonly string[]): WrittenValues {
  const found = new Map<unknown, string>();
  if (raw) collect(path.reduce(entry, value), path, raw, found);
  return found;
}

function collect(value: unknown, path: readonly PropertyKey[], raw: RawText, found: Map<unknown, string>): void {
  if (typeof value === 'object' && value !== null) {
    Object.keys(value).forEach((key) =>
      collect(entry(value, key), [...path, Array.isArray(value) ? +key : key], raw, found),
    );
    return;
  }
  const text = typeof value === 'string' ? undefined : raw(path);
  if (text === undefined) return;
  found.set(value, (found.get(value) ?? text) === text ? text : JSON.stringify(value));
}

/** A number that begins with a zero, which nobody means as one: `007`. */
const NO_NUMBER = /^[-+]?0\d/;

/** A value below a path of a source, with text for what begins with a zero: 7 and 007 are two folders. */
export function zerosAsText({ value, raw }: ConfigurationSource, path: readonly string[]): unknown {
  const change = (at: unknown, place: readonly PropertyKey[]): unknown => {
    if (Array.isArray(at)) return at.map((part, i) => change(part, [...place, i]));
    if (typeof at === 'object' && at !== null) {
      return Object.fromEntries(Object.entries(at).map(([key, part]) => [key, change(part, [...place, key])]));
    }
    const text = typeof at === 'number' ? raw?.(place) : undefined;
    return text !== undefined && NO_NUMBER.test(text) ? text : at;
  };
  return change(path.reduce(entry, value), path);
}

/** A cell's values with the text of those whose options are text, as the cell's configuration has it. */
export function withTextsOf(
  values: Readonly<Record<string, unknown>>,
  configuration: object,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => {
      const resolved = path.split('.').reduce(entry, configuration as unknown);
      return [path, typeof resolved === 'string' && typeof value !== 'object' ? resolved : value];
    }),
  );
}

function entry(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** A value as YAML of one line, its parts as they were written. */
export function asWritten(value: unknown, written: WrittenValues): string {
  if (Array.isArray(value)) return `[${value.map((part) => asWritten(part, written)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return written.get(value) ?? JSON.stringify(value);
  const entries = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${asWritten(part, written)}`);
  return `{${entries.join(', ')}}`;
}
