import {
  hasCode,
  runTags,
  type CallOptions,
  type MlflowClient,
  type NewRun,
  type Run,
} from '@promptweave/mlflow-js-client';

/** Our tags of a run. */
export const tags = {
  /** Identity of the run: by this it is found again. */
  run: 'promptweave.run',
  /** When it was created by the creator's clock, which decides where two were created at once. */
  created: 'promptweave.created',
  /** Set by its creator, who has seen that no other was there or first: it stays, and whoever creates another one afterwards takes this one. */
  kept: 'promptweave.kept',
} as const;

/** A run that is there once. */
export interface UniqueRun {
  readonly run: Run;
  /** It was not there before. */
  readonly created: boolean;
}

/**
 * The run with an identity, which is created where there is none. The server cannot do both at once, so several processes may create it at
 * the same time. Each then looks who else did. Who is not first deletes its own run; who is first deletes the others, whose creators may
 * have looked too early to see it, and marks its own as kept. Of any two, the one who looks last sees both: so one run is left, whatever
 * the clocks say, and a run that is kept gives way only to one whose creator looked before it was.
 *
 * A run that gave way is deleted: the server refuses the next write to it, and its journal is delivered to the run that is left (see
 * `deliver`). A process that dies between creating a run and deleting one leaves an empty run beside the one that everybody uses.
 */
export async function uniqueRun(
  client: MlflowClient,
  id: string,
  { experimentId, runName, startTime, parentRunId }: NewRun,
  options: CallOptions,
): Promise<UniqueRun> {
  const find = (): Promise<Run[]> => runsWith(client, experimentId, tags.run, id, options);
  for (;;) {
    const [known] = await find();
    if (known) return { run: known, created: false };
    const own = await client.runs.create({
      ...options,
      ...{ experimentId, runName, startTime, parentRunId },
      tags: { [tags.run]: id, [tags.created]: String(Date.now()) },
    });
    const { runId } = own.info;
    const [first = own, ...others] = await find();
    const isFirst = first.info.runId === runId;
    for (const { info } of isFirst ? others : [own]) await unlessDeleted(client.runs.delete(info.runId, options));
    const isKept = isFirst && (await unlessDeleted(client.runs.setTag(runId, tags.kept, 'true', options)));
    if (isKept) return { run: own, created: true };
  }
}

/** @returns false where the run was deleted before */
async function unlessDeleted(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (hasCode(error, 'INVALID_PARAMETER_VALUE', 'RESOURCE_DOES_NOT_EXIST')) return false;
    throw error;
  }
}

/** The run with an identity; where there are several, the one that all use. */
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
 * Puts a run below the one parent that all agree on, which need not be the one that was there when the run began. Empty ones that processes
 * left which died are taken away.
 */
export async function settleParent(
  client: MlflowClient,
  run: { readonly experimentId: string; readonly runId: string },
  parentId: string,
  options: CallOptions,
): Promise<void> {
  const { experimentId, runId } = run;
  const [parent, ...others] = await runsWith(client, experimentId, tags.run, parentId, options);
  if (!parent) return;
  await client.runs.setTag(runId, runTags.parentRunId, parent.info.runId, options);
  for (const other of others) {
    const children = await runsWith(client, experimentId, runTags.parentRunId, other.info.runId, options);
    if (children.length === 0) await client.runs.delete(other.info.runId, options);
  }
}

/** The runs with a tag: those that are kept, then in the order of their creation. */
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
  return found.sort(byRank);
}

function byRank(a: Run, b: Run): number {
  const kept = (run: Run): number => Number(run.tags[tags.kept] === 'true');
  const created = (run: Run): number => Number(run.tags[tags.created] ?? run.info.startTime);
  return kept(b) - kept(a) || created(a) - created(b) || (a.info.runId < b.info.runId ? -1 : 1);
}
