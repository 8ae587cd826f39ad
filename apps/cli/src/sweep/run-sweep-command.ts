import { dirname, join } from 'node:path';
import {
  bestOf,
  describeChoice,
  figureText,
  planSweep,
  readStudy,
  runSweep,
  studyText,
  SweepFolder,
  SweepTracker,
  type Study,
  type CellEstimate,
  type CellFolder,
  type CellState,
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
import { selectBackend } from '@promptweave/runtime';
import { allowForChildren, ownModules } from '../composition/allowed-plugins.js';
import { configurationName } from '../composition/compose.js';
import { interruptible, STOPPED } from '../terminal/interrupt.js';
import { nextSteps } from './next-steps.js';
import { chooseEngine, rayHeaders, type EngineFlags } from './sweep-engine.js';
import { estimateSweep } from './sweep-estimates.js';
import { listCells } from './sweep-list.js';
import { sweepNotes } from './sweep-notes.js';
import { createSweepView } from './sweep-view.js';
import { reportFiles, writeReport } from '../report/write-report.js';

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
  readonly json?: boolean;
  /** The text at the end, instead of the sweep's table. */
  readonly describe?: (study: Study) => string;
}

/** Plans, prepares and runs a sweep, then prints its table. */
export async function sweep(command: SweepCommand): Promise<void> {
  const { file, overrides, retries, json = false } = command;
  const source = command.source ?? (await readConfiguration(file));
  const configurationFolder = dirname(file);
  const registry = await loadPluginsOf(source, configurationFolder, overrides, import.meta.url);
  allowForChildren(registry, configurationFolder);
  const request = { source, registry, folder: configurationFolder, overrides, setBackend: () => selectBackend() };
  const whole = await planSweep(request);
  const only = conditions(command.only);
  const asked = only && new Set((await planSweep({ ...request, only })).map(({ id }) => id));
  const planned = asked ? whole.filter(({ id }) => asked.has(id)) : whole;
  const { protocol } = planned[0]!.configuration;
  const alone = registry.get('protocol', protocol.use).measuresCosts === true;
  const { engine = 'local' } = command;
  if (alone && engine !== 'local') {
    throw new ConfigError(`The protocol ${protocol.use} measures this machine, on which nothing else may run.`, {
      where: '--engine',
      remedy: `Leave --engine ${engine} out: the cells run here, one after the other.`,
    });
  }
  const inTurn = planned.toSorted((a, b) => a.priority - b.priority);
  const path = command.output ?? outputOf(source.value) ?? join('runs', configurationName(file));
  const folder = new SweepFolder(path);
  if (command.dryRun) {
    const estimate = await estimateSweep(inTurn, folder, configurationFolder);
    return console.log(listCells(inTurn, estimate, { folder, retries, json, limit: command.limit }));
  }

  const about = { name: configurationName(file), file, overrides, retries };
  const all = folder.prepare(whole, about, configurationFolder);
  const prepared = planned.map(({ id }) => folder.cell(id));
  if (command.retryFailed) {
    for (const cell of prepared) if (cell.state({ retries }).status === 'failed') cell.forgive();
  }
  const isOpen = (cell: CellFolder): boolean => !['finished', 'failed'].includes(cell.state({ retries }).status);
  const open = inTurn.map(({ id }) => folder.cell(id)).filter(isOpen);
  const cells = open.slice(0, command.limit);
  const done = prepared.length - open.length;
  if (!json && done > 0) console.error(`${done} of ${prepared.length} cells were done before.`);

  const labels = new Map(planned.map((cell) => [cell.id, describeChoice(cell)]));
  const view = createSweepView({ labels, done, quiet: json, best: () => bestRow(folder) });
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
      const isPlain = alone || (engine === 'local' && (command.jobs ?? 1) === 1);
      const estimates = isPlain
        ? undefined
        : known(await estimateSweep(inTurn, folder, configurationFolder), onProblem);
      const todo = { folder: path, patience: { retries }, signal, estimates, onEvent: view.onEvent, rayHeaders };
      // What is measured has the machine to itself: one cell after the other, each in a process of its own.
      const groups = alone ? cells.map((cell) => [cell]) : [cells];
      const { tracker: recorder } = planned[0]!.configuration;
      const server = 'uri' in recorder && typeof recorder.uri === 'string' ? recorder.uri : undefined;
      const chosen = chooseEngine(alone ? { jobs: 1 } : command, all, { modules: ownModules(registry), server });
      for (const group of groups) if (!signal.aborted) await runSweep({ ...todo, cells: group, engine: chosen });
    }
  } catch (error) {
    if (tracked) await tracker.end();
    throw error;
  } finally {
    view.end();
    release();
  }
  const study = readStudy(folder);
  console.log(command.describe?.(study) ?? studyText(study, json ? 'json' : 'table'));
  if (!json) for (const note of sweepNotes(study)) console.error(`Data: ${note}`);
  if (!json && !signal.aborted) await writeReport(study, path);
  if (tracked) (await tracker.end(Object.values(reportFiles))).forEach(onProblem);
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
  const left = cells.filter(isOpen).length;
  if (left > 0) console.error(`Cells that are not finished: ${left}.`);
  if (left > 0 || study.failures.length > 0) process.exitCode = 1;
}

function damageIn(state: CellState): readonly DamagedFileError[] {
  return 'damage' in state && state.damage ? [state.damage] : [];
}

/** Estimates by the cells' ids; why there are none is told. */
function known({ cells, problems }: SweepEstimate, tell: (message: string) => void): Map<string, CellEstimate> {
  for (const problem of problems) tell(`No estimate of time and memory: ${problem}`);
  return new Map(Object.entries(cells));
}

function bestRow(folder: SweepFolder): string | undefined {
  const best = bestOf(readStudy(folder));
  return best && `${best.row.labels.join(' ')} ${best.figure} ${figureText(best.row.figures[best.figure]!)}`;
}

function outputOf(value: Readonly<Record<string, unknown>>): string | undefined {
  return typeof value['output'] === 'string' ? value['output'] : undefined;
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
