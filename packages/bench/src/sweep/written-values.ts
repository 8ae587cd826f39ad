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
