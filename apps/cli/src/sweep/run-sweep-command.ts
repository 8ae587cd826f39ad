import { dirname } from 'node:path';
import {
  bestOf,
  CHOSEN,
  describeChoice,
  figureText,
  impossibleError,
  impossibleText,
  isOfSearch,
  isSearched,
  leadingText,
  planSweep,
  readSearch,
  readStudy,
  recordedStudy,
  runSearch,
  runSweep,
  studyText,
  SweepFolder,
  SweepTracker,
  testedAlike,
  type Study,
  type CellEstimate,
  type CellFolder,
  type CellState,
  type EstimateOptions,
  type ImpossibleCell,
  type PlannedCell,
  type SweepEstimate,
} from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import {
  type DamagedFileError,
  loadPluginsOf,
  parseYamlValue,
  readConfiguration,
  type ConfigurationSource,
} from '@promptweave/core/experiment';
import { listRuntimes, selectBackend } from '@promptweave/runtime';
import { allowForChildren, ownModules } from '../composition/allowed-plugins.js';
import { configurationName } from '../composition/compose.js';
import { interruptible, STOPPED } from '../terminal/interrupt.js';
import { checkSearch } from './check-search.js';
import { nextSteps } from './next-steps.js';
import { chooseEngine, localJobs, rayHeaders, type EngineFlags } from './sweep-engine.js';
import { estimateSweep, type Estimation } from './sweep-estimates.js';
import { listCells } from './sweep-list.js';
import { sweepNotes } from './sweep-notes.js';
import { sweepOutput } from './sweep-output.js';
import { createSweepView } from './sweep-view.js';
import { pictureFiles, reportFiles, writeReport } from '../report/write-report.js';

/** What `promptweave sweep` is asked for. */
export interface SweepCommand extends EngineFlags {
  readonly file: string;
  /** What the file holds, or would hold. Default: it is read. */
  readonly source?: ConfigurationSource;
  readonly overrides: readonly string[];
  readonly version: string;
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly only: readonly string[];
  readonly retries: number;
  readonly retryFailed?: boolean;
  /** Leave cells out that cannot work, instead of refusing the grid. */
  readonly skipImpossible?: boolean;
  readonly json?: boolean;
  /** The text at the end, instead of the sweep's table. */
  readonly describe?: (study: Study) => string;
}

/** Plans, prepares and runs a sweep, then prints its table. */
export async function sweep(command: SweepCommand): Promise<void> {
  const { file, overrides, retries, json = false } = command;
  // Whatever computes here, the check of the cells as well, shall see no GPU then.
  if ((command.engine ?? 'local') === 'local' && command.gpus === 0) process.env.CUDA_VISIBLE_DEVICES = '';
  const source = command.source ?? (await readConfiguration(file));
  const configurationFolder = dirname(file);
  const registry = await loadPluginsOf(source, configurationFolder, overrides, import.meta.url);
  allowForChildren(registry, configurationFolder);
  const search = readSearch(source, overrides);
  const ofCells = overrides.filter((text) => !isOfSearch(text));
  const given = search ? ['train.evaluateEvery=1', ...ofCells] : ofCells; // cells are compared after epochs
  const request = {
    source,
    registry,
    folder: configurationFolder,
    overrides: given,
    setBackend: () => selectBackend(),
  };
  const unresolved: ImpossibleCell[] = [];
  const onImpossible = (cell: ImpossibleCell): void => void unresolved.push(cell);
  const onNote = (message: string): void => console.error(message);
  const only = conditions(command.only);
  const all = await planSweep({ ...request, onImpossible, onNote });
  const asked = only && new Set((await planSweep({ ...request, only, onImpossible: ignored })).map(({ id }) => id));
  const { protocol } = all[0]!.configuration;
  const alone = registry.get('protocol', protocol.use).measuresCosts === true;
  const { engine = 'local' } = command;
  if (alone && engine !== 'local') {
    throw new ConfigError(`The protocol ${protocol.use} measures this machine, on which nothing else may run.`, {
      where: '--engine',
      remedy: `Leave --engine ${engine} out: the cells run here, one after the other.`,
    });
  }
  const path = command.output ?? sweepOutput(file, source.value, overrides);
  const folder = new SweepFolder(path);
  const chosen = all.filter(({ id }) => !asked || asked.has(id)).toSorted((a, b) => a.priority - b.priority);
  const isPlain = alone || (engine === 'local' && localJobs(command) === 1);
  const looks = { elsewhere: engine !== 'local', times: command.dryRun === true || !isPlain };
  const stays = isPlain && !alone && !command.dryRun && (await computeAlike(chosen));
  const checks = { folder, configurationFolder, looks, dryRun: command.dryRun, stays };
  const { estimate, worker } = await checkCells(chosen, checks);
  const impossible = [...unresolved, ...estimate.impossible];
  const left = new Set(impossible.map(({ id }) => id));
  const refused = impossible.length > 0 && !command.skipImpossible;
  if (command.dryRun) {
    console.log(listCells(chosen, estimate, { folder, retries, json, limit: command.limit }));
    if (refused) throw impossibleError(impossible, all.length + unresolved.length, estimate.mending);
    return;
  }
  if (refused || left.size === all.length) {
    throw impossibleError(impossible, all.length + unresolved.length, estimate.mending);
  }
  if (impossible.length > 0) {
    console.error(
      `Left out, for they cannot work: ${impossible.length === 1 ? '1 cell' : `${impossible.length} cells`}.\n${impossibleText(impossible, estimate.mending)}`,
    );
  }
  const whole = all.filter(({ id }) => !left.has(id));
  const inTurn = chosen.filter(({ id }) => !left.has(id));
  const planned = whole.filter(({ id }) => !asked || asked.has(id));
  if (search) checkSearch(search, planned, command);

  const leftOut = impossible.map(({ cell, message }) => ({ cell, message }));
  const about = { name: configurationName(file), file, overrides, retries, leftOut };
  const folders = folder.prepare(whole, about, configurationFolder);
  const prepared = planned.map(({ id }) => folder.cell(id));
  if (command.retryFailed) {
    for (const cell of prepared) if (cell.state({ retries }).status === 'failed') cell.forgive();
  }
  if (!search) for (const cell of prepared) cell.unlimit();
  const isOpen = (cell: CellFolder): boolean => !['finished', 'failed'].includes(cell.state({ retries }).status);
  const open = inTurn.map(({ id }) => folder.cell(id)).filter(isOpen);
  const cells = open.slice(0, command.limit);
  const done = prepared.length - open.length;
  if (!json && done > 0) console.error(`${done} of ${prepared.length} cells were done before.`);

  const labels = new Map(planned.map((cell) => [cell.id, describeChoice(cell)]));
  const view = createSweepView({ labels, done, quiet: json, best: () => bestRow(folder), figure: figureIn(folder) });
  const onProblem = (message: string): void =>
    json ? console.error(message) : view.onEvent({ type: 'note', message });
  const surroundings = {
    backend: planned[0]!.configuration.runtime.backend,
    versions: { promptweave: command.version },
  };
  const tracker = new SweepTracker({
    ...{ folder, configuration: planned[0]!.configuration, source: source.value, registry, patience: { retries } },
    ...{ surroundings, onProblem },
  });
  for (const { where, message } of prepared.flatMap((cell) => damageIn(cell.state({ retries })))) {
    onProblem(`${where}: ${message} Its cell is run again.`);
  }
  const tracked = cells.length > 0 || tracker.isLeftBehind;
  if (tracked) await tracker.begin();
  const { signal, release } = interruptible(() => {
    view.end();
    console.error('Stopping after this step; finished cells stay. Ctrl-C again ends at once.');
  });
  try {
    if (cells.length > 0) {
      const estimates = isPlain ? undefined : known(estimate, onProblem);
      const todo = { folder: path, patience: { retries }, signal, estimates, onEvent: view.onEvent, rayHeaders };
      // What is measured has the machine to itself: one cell after the other, each in a process of its own.
      const groups = alone ? cells.map((cell) => [cell]) : [cells];
      const { tracker: recorder } = planned[0]!.configuration;
      const server = 'uri' in recorder && typeof recorder.uri === 'string' ? recorder.uri : undefined;
      const flags = alone ? { jobs: 1, gpus: command.gpus && 1 } : command;
      const machines = await chooseEngine(flags, folders, { modules: ownModules(registry), server }, worker);
      const trainings = planned.map(({ id, configuration: { train } }) => ({ id, train }));
      const epochs = new Map(trainings.map(({ id, train }) => [id, train.epochs]));
      const warmup = Math.max(...trainings.map(({ train }) => train.warmupEpochs));
      const searched = inTurn.map(({ id }) => folder.cell(id));
      if (search) await runSearch({ ...todo, cells: searched, engine: machines, search, epochs, warmup });
      else for (const group of groups) if (!signal.aborted) await runSweep({ ...todo, cells: group, engine: machines });
    }
  } catch (error) {
    // What ended the sweep tells more than what the tracker meets after it, in a folder that is gone perhaps.
    if (tracked) await tracker.end().catch(ignored);
    throw error;
  } finally {
    view.end();
    release();
  }
  const study = readStudy(folder);
  console.log(command.describe?.(study) ?? studyText(study, json ? 'json' : 'table'));
  if (!json) for (const note of sweepNotes(study)) console.error(`Data: ${note}`);
  if (!json && !signal.aborted) await writeReport(study, path);
  if (tracked) {
    const files = [...Object.values(reportFiles), ...pictureFiles(path)];
    (await tracker.end(files, recordedStudy(study))).forEach(onProblem);
  }
  if (signal.aborted) {
    console.error(`Stopped. Go on with the same command.`);
    process.exitCode = STOPPED;
    return;
  }
  if (!json) {
    const { only, jobs } = command;
    const done = { study, file, source, overrides, only, jobs, planned: whole, registry, configurationFolder };
    console.error(await nextSteps(done));
  }
  const unfinished = search ? 0 : cells.filter(isOpen).length;
  if (unfinished > 0) console.error(`Cells that are not finished: ${unfinished}.`);
  if (unfinished > 0 || study.failures.length > 0) process.exitCode = 1;
}

const ignored = (): void => undefined;

/** Looks at the cells that are not finished, or, to list them, at all. */
async function checkCells(
  cells: readonly PlannedCell[],
  {
    folder,
    configurationFolder,
    looks,
    dryRun = false,
    stays,
  }: { folder: SweepFolder; configurationFolder: string; looks: EstimateOptions; dryRun?: boolean; stays: boolean },
): Promise<Estimation> {
  const finished = new Set(cells.flatMap(({ id }) => (folder.cell(id).isFinished ? [id] : [])));
  const open = cells.filter(({ id }) => !finished.has(id));
  if (open.length === 0 && !dryRun) {
    return { estimate: { cells: {}, problems: [], impossible: [] }, worker: () => undefined };
  }
  const asked = looks.times ? cells : open;
  const { estimate, worker } = await estimateSweep(asked, folder, configurationFolder, looks, stays);
  const impossible = estimate.impossible.filter(({ id }) => !finished.has(id!));
  return { estimate: { ...estimate, impossible }, worker };
}

/** Whether one process can run all of the cells, as far as backends go; where there may be a GPU, each process is given its own. */
async function computeAlike(cells: readonly PlannedCell[]): Promise<boolean> {
  const runtimes = new Set(cells.map(({ configuration }) => JSON.stringify(configuration.runtime)));
  return runtimes.size === 1 && !(await listRuntimes()).some(({ variant }) => variant === 'cuda');
}

/** The leading figure of a cell that has just been finished. */
function figureIn(folder: SweepFolder): (id: string) => string | undefined {
  return (id) => {
    const outcome = folder.cell(id).outcome();
    return outcome && leadingText(outcome.summary);
  };
}

function damageIn(state: CellState): readonly DamagedFileError[] {
  return 'damage' in state && state.damage ? [state.damage] : [];
}

/** Estimates by the cells' ids; why there are none is told. */
function known({ cells, problems }: SweepEstimate, tell: (message: string) => void): Map<string, CellEstimate> {
  for (const problem of problems) tell(`No estimate of time and memory: ${problem}`);
  return new Map(Object.entries(cells));
}

/** The best row so far; undefined where the rows are not of one data set and protocol, and where nothing is finished. */
function bestRow(folder: SweepFolder): string | undefined {
  const study = readStudy(folder);
  if (new Set(study.rows.map(({ values }) => testedAlike(values))).size > 1) return undefined;
  const best = bestOf(study);
  if (!best) return undefined;
  const chosen = isSearched(study.rows) ? ` (${CHOSEN})` : '';
  return `${best.row.labels.join(' ')} ${best.figure} ${figureText(best.row.figures[best.figure]!)}${chosen}`;
}

function conditions(only: readonly string[]): Record<string, unknown> | undefined {
  if (only.length === 0) return undefined;
  return Object.fromEntries(
    only.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new ConfigError(`--only "${text}": expected path=value, such as seed=[1,2]`);
      return [text.slice(0, equals), parseYamlValue(text.slice(equals + 1), `--only "${text}"`)];
    }),
  );
}
