import { DatasetError } from '@promptweave/core';

/** The error for data in which an image has several labels. */
export function severalLabels(what: string, where: string): DatasetError {
  return new DatasetError(
    `${what} In promptweave, one image has one label; data with several labels an image cannot be used.`,
    {
      where,
      remedy:
        'Choose the labels of one kind, e.g. the animals or their groups but not both, so that each image has one of them.',
    },
  );
}

/**
 * Refuses labels that are several joined by a sign: parts of one are labels themselves, or parts of others.
 * @throws DatasetError naming two of them
 */
export function checkNotJoined(labels: readonly string[], where: string): void {
  const owners = new Map<string, string>(labels.map((label) => [label, label]));
  for (const label of labels) {
    const parts = label.split(/[|;]/).map((part) => part.trim());
    if (parts.length < 2) continue;
    for (const part of parts) {
      const other = owners.get(part);
      if (other !== undefined && other !== label) {
        throw severalLabels(
          `The label ${JSON.stringify(label)} shares ${JSON.stringify(part)} with ${JSON.stringify(other)}.`,
          where,
        );
      }
      owners.set(part, label);
    }
  }
}
