import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, EngineRequest } from '@promptweave/bench';

/** Milliseconds for the records of one cell. */
const WITHIN = 30_000;

/**
 * An engine whose cells run on machines that may not reach the MLflow server, and whose notes nobody reads: when it ends, what its cells
 * recorded is delivered from here. What is left then is told.
 */
export function deliveringJournals(engine: Engine): Engine {
  return {
    ...engine,
    run: async (request) => {
      await engine.run(request);
      const reason = await deliverJournals(request);
      if (reason === undefined) return;
      const message =
        `Some of what cells recorded may not be on the MLflow server yet: ${reason.replace(/[^.!?]$/, '$&.')} ` +
        `Deliver it: npx promptweave track sync ${request.folder}`;
      request.onEvent?.({ type: 'note', message });
    },
  };
}

/** @returns why something is left, if so: the first error ends the attempt */
async function deliverJournals({ cells, patience, signal, onEvent }: EngineRequest): Promise<string | undefined> {
  const { connectFor, JOURNAL, syncJournal } = await import('@promptweave/tracking');
  const recorded = cells.filter((cell) => existsSync(join(cell.path, JOURNAL)));
  for (const cell of recorded) {
    if (signal?.aborted) return 'the sweep was stopped';
    if (cell.state(patience).status === 'running') continue; // another process has it, and delivers
    try {
      const client = await connectFor(cell.path);
      const delivery = syncJournal(cell.path, client, { signal: AbortSignal.timeout(WITHIN), retries: 0 });
      const { refused, notes, waiting } = await delivery.finally(() => client.close());
      for (const message of [...notes, ...refused]) onEvent?.({ type: 'note', message });
      if (waiting.length > 0) return waiting.join(' ');
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}
