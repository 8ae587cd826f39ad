import { readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';

/** Name of the record of what was delivered, in a run's folder. */
export const STATE = 'mlflow.json';

const serverState = z.object({
  /** Host and folder where this was written: a copy of it somewhere else may be out of date. */
  place: z.string(),
  experimentId: z.string().optional(),
  runId: z.string().optional(),
  artifactUri: z.string().optional(),
  /** Number of the last entry that was delivered, and the offset after it. */
  seq: z.int(),
  offset: z.int(),
  /** Entries up to this one may have been delivered, so they are compared with what the server has. */
  doubtful: z.int(),
  /** Entries that the server refused for good. */
  refused: z.array(z.object({ seq: z.int(), message: z.string() })),
  /** Entries that the server did not take for now; each delivery tries them again. */
  waiting: z.array(z.object({ seq: z.int(), message: z.string(), transient: z.boolean() })).default([]),
});

const stateFile = z.object({ format: z.literal(1), servers: z.record(z.string(), serverState) });

/** What one server has of a run. */
export type DeliveryState = z.output<typeof serverState>;

/** Everything there may be: no entry has such a number. */
export const ALL = Number.MAX_SAFE_INTEGER;

/** The state of a delivery that has not begun, as far as this folder knows. */
export function newState(place: string): DeliveryState {
  return { place, seq: 0, offset: 0, doubtful: 0, refused: [], waiting: [] };
}

/**
 * What was delivered to a server. A record that is missing or damaged, or was written somewhere else, costs a comparison
 * with the server and loses nothing.
 */
export async function loadState(folder: string, server: string): Promise<DeliveryState> {
  const place = await placeOf(folder);
  const state = (await readStates(folder))?.servers[server];
  if (!state) return newState(place);
  return state.place === place ? state : { ...state, place, doubtful: ALL };
}

export async function saveState(folder: string, server: string, state: DeliveryState): Promise<void> {
  const others = (await readStates(folder))?.servers;
  const text = JSON.stringify({ format: 1, servers: { ...others, [server]: state } }, undefined, 2);
  await writeFileAtomic(join(folder, STATE), `${text}\n`);
}

async function readStates(folder: string): Promise<z.output<typeof stateFile> | undefined> {
  try {
    return stateFile.parse(JSON.parse(await readFile(join(folder, STATE), 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function placeOf(folder: string): Promise<string> {
  return `${hostname()}:${await realpath(folder)}`;
}
