import { runTags, type CallOptions, type MlflowClient, type NewRun, type Run } from '@promptweave/mlflow-js-client';

/** Our tags of a run. */
export const tags = {
  /** Identity of the run: by this it is found again. */
  run: 'promptweave.run',
  /** When it was created by the creator's clock, which decides where two were created at once. */
  created: 'promptweave.created',
} as const;

/** A run that is there once. */
export interface UniqueRun {
  readonly run: Run;
  /** It was not there before. */
  readonly created: boolean;
}

/**
 * The run with an identity, which is created where there is none. The server cannot do both at once; where several processes
 * create it at the same time, all agree on the one that was first, and the others are deleted.
 */
export async function uniqueRun(
  client: MlflowClient,
  id: string,
  { experimentId, runName, startTime, parentRunId }: NewRun,
  options: CallOptions,
): Promise<UniqueRun> {
  const find = (): Promise<Run[]> => runsWith(client, experimentId, tags.run, id, options);
  const before = await find();
  if (before[0]) return { run: before[0], created: false };
  const own = await client.runs.create({
    ...options,
    ...{ experimentId, runName, startTime, parentRunId },
    tags: { [tags.run]: id, [tags.created]: String(Date.now()) },
  });
  const [run = own, ...others] = await find();
  const superfluous = others.find(({ info }) => info.runId === own.info.runId);
  if (superfluous) await client.runs.delete(own.info.runId, options);
  return { run, created: run.info.runId === own.info.runId };
}

/** The run with an identity, the first one where there are several. */
export async function findRun(
  client: MlflowClient,
  experimentId: string,
  id: string,
  options: CallOptions,
): Promise<Run | undefined> {
  const [run] = await runsWith(client, experimentId, tags.run, id, options);
  return run;
}

/**
 * Puts a run below the one parent that all agree on. Cells that begin at the same moment may each have created one: the last
 * to settle leaves one parent with all children.
 */
export async function settleParent(
  client: MlflowClient,
  run: { readonly experimentId: string; readonly runId: string },
  parentId: string,
  options: CallOptions,
): Promise<void> {
  const { experimentId, runId } = run;
  const [parent, ...others] = await runsWith(client, experimentId, tags.run, parentId, options);
  if (!parent || others.length === 0) return;
  await client.runs.setTag(runId, runTags.parentRunId, parent.info.runId, options);
  for (const other of others) {
    const children = await runsWith(client, experimentId, runTags.parentRunId, other.info.runId, options);
    if (children.length === 0) await client.runs.delete(other.info.runId, options);
  }
}

/** The runs with a tag, in the order of their creation. */
async function runsWith(
  client: MlflowClient,
  experimentId: string,
  tag: string,
  value: string,
  options: CallOptions,
): Promise<Run[]> {
  const filter = `tags.\`${tag}\` = '${value}'`;
  const found: Run[] = [];
  for await (const run of client.runs.search({ ...options, experimentIds: [experimentId], filter })) found.push(run);
  return found.sort(byCreation);
}

function byCreation(a: Run, b: Run): number {
  const created = (run: Run): number => Number(run.tags[tags.created] ?? run.info.startTime);
  return created(a) - created(b) || (a.info.runId < b.info.runId ? -1 : 1);
}
