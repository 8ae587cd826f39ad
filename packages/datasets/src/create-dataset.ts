import { createHash } from 'node:crypto';
import type { Dataset } from '@promptweave/core';

/** A data set whose digest is computed when it is first asked for. `train` is read from the parts each time. */
export function createDataset(parts: Omit<Dataset, 'digest'>): Dataset {
  const { name, classNames, template, imagePolicy, val, test, notes = [] } = parts;
  let digest: string | undefined;
  return {
    name,
    classNames,
    template,
    imagePolicy,
    get train() {
      return parts.train;
    },
    val,
    test,
    notes,
    get digest() {
      if (digest !== undefined) return digest;
      const hash = createHash('sha256').update(JSON.stringify([classNames, imagePolicy]));
      for (const items of [parts.train, val, test]) {
        hash.update('\n');
        for (const { id, label, domain } of items) hash.update(JSON.stringify([id, label, domain ?? null]));
      }
      return (digest = hash.digest('hex'));
    },
  };
}
