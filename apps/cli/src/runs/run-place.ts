import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ZERO_SHOT } from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { runFiles, stageFolders } from '@promptweave/core/experiment';
import { JOURNAL, STATE } from '@promptweave/tracking';

/** What to do where the folder for a run holds one: refuse, take the next number (`photos-2`), or put the new run in its place. */
export type IfTaken = 'refuse' | 'number' | 'overwrite';

/** Where a run goes. */
export interface RunPlace {
  readonly folder: string;
  /** What a person should know about it. */
  readonly note?: string;
}

/** What a run writes into its folder; nothing else is taken away. */
const OWN = [
  ...Object.values(runFiles),
  ...Object.values(stageFolders),
  ...[ZERO_SHOT, 'report.html', 'plots', 'confusion', JOURNAL, STATE],
];

/**
 * The folder of a run that begins, or of the last one with this name where it goes on.
 * @throws ConfigError where the folder holds a run, and that is to be refused
 */
export function placeOf(folder: string, ifTaken: IfTaken, resume: boolean): RunPlace {
  const holders = numbered(folder).filter(holdsRun);
  const last = holders.at(-1);
  if (resume) return { folder: ifTaken === 'number' ? (last ?? folder) : folder };
  if (!holdsRun(folder)) return { folder };
  if (ifTaken === 'overwrite') {
    for (const name of OWN) rmSync(join(folder, name), { recursive: true, force: true });
    return { folder, note: `The run that ${folder} held is overwritten.` };
  }
  if (ifTaken === 'refuse') {
    throw new ConfigError('This folder holds a run already.', {
      where: folder,
      remedy:
        'Go on with it (--resume), put the new run in its place (--overwrite), or choose another folder (--output).',
    });
  }
  const free = numbered(folder).find((place) => !holdsRun(place))!;
  const unfinished = !isFinished(last!) ? `, which is not finished: --resume goes on with it` : '';
  return { folder: free, note: `${last} holds a run already${unfinished}. This one goes to ${free}.` };
}

/** The folder, and the same with numbers from 2 up to the first that holds no run. */
function numbered(folder: string): string[] {
  const places = [folder];
  while (holdsRun(places.at(-1)!)) places.push(`${folder}-${places.length + 1}`);
  return places;
}

function holdsRun(folder: string): boolean {
  return [folder, join(folder, stageFolders.first)].some((place) =>
    [runFiles.resume, runFiles.result, runFiles.learned].some((file) => existsSync(join(place, file))),
  );
}

function isFinished(folder: string): boolean {
  return existsSync(join(folder, runFiles.result));
}
