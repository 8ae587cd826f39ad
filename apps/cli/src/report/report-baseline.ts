import type { Study } from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { nearestName } from '@promptweave/core/experiment';

/**
 * Reads `axis=value` words as the labels of a row.
 * @returns undefined where there are none
 * @throws ConfigError where the study has no such axis, or no finished row with these values
 */
export function baselineOf({ axes, rows }: Study, words: readonly string[]): Record<string, string> | undefined {
  if (words.length === 0) return undefined;
  const labels = Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      const axis = word.slice(0, equals);
      if (equals < 1 || !axes.includes(axis)) throw unknown(`"${word}"`, axes, equals < 1 ? word : axis);
      return [axis, word.slice(equals + 1)];
    }),
  );
  for (const [axis, label] of Object.entries(labels)) {
    const values = [...new Set(rows.map((row) => row.labels[axes.indexOf(axis)]!))];
    if (!values.includes(label))
      throw unknown(
        `"${axis}=${label}"`,
        values.map((value) => `${axis}=${value}`),
        label,
      );
  }
  const found = rows.some(
    (row) =>
      row.parameters !== undefined &&
      Object.entries(labels).every(([axis, label]) => row.labels[axes.indexOf(axis)] === label),
  );
  if (!found) {
    throw new ConfigError(`No finished row has ${words.join(' and ')}.`, {
      where: '--baseline',
      remedy: 'Choose one of the rows that have figures, or finish the sweep first.',
    });
  }
  return labels;
}

function unknown(what: string, known: readonly string[], given: string): ConfigError {
  const near = nearestName(given, [...known]);
  return new ConfigError(`--baseline ${what}: the study does not vary that.`, {
    where: '--baseline',
    remedy: `${near ? `Did you mean ${near}? ` : ''}It has ${known.join(', ')}.`,
  });
}
