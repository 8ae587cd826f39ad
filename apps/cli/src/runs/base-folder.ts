import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LearnedDescription } from '@promptweave/core/experiment';

/**
 * The folder that relative paths of a run's configuration refer to: the one it was trained from, as seen from where the run lies now. Where
 * that has none of the configuration's files, for the run was copied elsewhere, it is the working directory if that has them.
 *
 * @param place folder of the run
 */
export function baseFolder(
  place: string,
  { folder, configuration }: Pick<LearnedDescription, 'folder' | 'configuration'>,
  onNote: (note: string) => void,
): string {
  const own = resolve(place, folder);
  const { dataset, backbone } = configuration as Readonly<Record<string, unknown>>;
  const texts = [...textsOf(dataset), ...textsOf(backbone)];
  const isThere = (base: string): boolean => texts.some((text) => existsSync(join(base, text)));
  if (isThere(own) || !isThere('.')) return own;
  onNote(`The run was copied from elsewhere: relative paths of its configuration are seen from ${resolve('.')}.`);
  return '.';
}

/** All texts of a part's options that may be relative paths. */
function textsOf(part: unknown): string[] {
  if (typeof part === 'string')
    return part.length < 4096 && !/^(\/|[a-z]:|\.?$)/i.test(part) && !part.includes('\0') ? [part] : [];
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(textsOf) : [];
}
