import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { datasetChoice, renderTable, type TextCell } from '@promptweave/bench';
import { ConfigError, DatasetError } from '@promptweave/core';
import { basicServices, loadRegistry, suggestion } from '@promptweave/core/experiment';
import {
  BENCHMARK,
  checkDataset,
  findMissing,
  findUnreadable,
  isWhole,
  type BenchmarkEntry,
  type Count,
  type DatasetReport,
} from '@promptweave/datasets';
import { createCounter } from './counter.js';

/** How data sets are looked at, and how that is told. */
export interface CheckOptions {
  /** Decode every image. */
  readonly decode: boolean;
  readonly json: boolean;
  /** Level of the class folders of one's own, as `dataset.level`. */
  readonly level?: number;
}

/** What was found. */
export interface CheckOutcome {
  readonly text: string;
  /** Nothing that was asked for is broken, absent or incomplete. */
  readonly isWhole: boolean;
}

/** Unreadable images of a data set that are named in the text; JSON names all. */
const NAMED = 10;

/**
 * Checks the papers' data sets in a folder, or, where it holds none of them, the folder as one of class folders; or a table or split file.
 * @throws ConfigError for a name that none of them has
 * @throws DatasetError where there is no such folder or file
 */
export async function checkDatasets(
  folder: string,
  names: readonly string[],
  options: CheckOptions,
): Promise<CheckOutcome> {
  const root = resolve(folder);
  const found = await stat(root).catch(() => undefined);
  if (!found) throw new DatasetError('There is no such folder or file.', { where: root, remedy: 'Check the path.' });
  if (!found.isDirectory() || options.level !== undefined) {
    if (names.length === 0) return checkOwn(root, options);
    throw new ConfigError(`${folder} is a data set of your own; it holds none called "${names[0]}".`, {
      where: names[0],
      remedy: "Leave the names out, or give the folder of the papers' data sets.",
    });
  }
  const entries = names.length === 0 ? BENCHMARK : names.map(entryNamed);
  const reports: DatasetReport[] = [];
  for (const entry of entries) reports.push(await check(entry, root, options));
  if (names.length === 0 && reports.every(({ state }) => state === 'absent')) return checkOwn(root, options);

  const asked = reports.filter(({ state }) => names.length > 0 || state !== 'absent');
  const whole = asked.every(isWhole);
  if (options.json) return { text: JSON.stringify(reports, undefined, 2), isWhole: whole };
  const table = {
    head: ['data set', 'state', 'classes', 'train', 'val', 'test', 'bad images'],
    rows: reports.map(row),
  };
  const wrong = reports
    .filter((report) => !isWhole(report) || report.notes)
    .flatMap((report) => [describe(report), '']);
  const hint = options.decode ? [] : ['Images were looked for, not decoded; --images decodes every one.'];
  return { text: [renderTable(table, 'table'), ...wrong, ...hint].join('\n'), isWhole: whole };
}

function entryNamed(name: string): BenchmarkEntry {
  const entry = BENCHMARK.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const known = BENCHMARK.map((candidate) => candidate.name);
  throw new ConfigError(`None of the papers' data sets is called "${name}".${suggestion(name, known, 'There are')}`);
}

async function check(entry: BenchmarkEntry, root: string, { decode, json }: CheckOptions): Promise<DatasetReport> {
  const counter = createCounter(entry.name, json);
  const report = await checkDataset(entry, root, { depth: decode ? 'decode' : 'files', onProgress: counter.show });
  counter.end();
  return report;
}

/** 2944, or 2900 ≠ 2944 where that is not the published number. */
function countText(count: Count | undefined): string {
  if (!count) return '';
  const { found, published = 0 } = count;
  return found === published
    ? found.toLocaleString('en')
    : `${found.toLocaleString('en')} ≠ ${published.toLocaleString('en')}`;
}

function row(report: DatasetReport): TextCell[] {
  const { name, state, classes, train, val, test, unreadable } = report;
  const counts = [classes, train, val, test].map((count): TextCell => ({ text: countText(count), number: true }));
  const bad = unreadable === undefined ? '' : String(unreadable.length);
  return [{ text: name }, { text: stateOf(report) }, ...counts, { text: state === 'ok' ? bad : '', number: true }];
}

function stateOf(report: DatasetReport): string {
  return report.state === 'ok' && !isWhole(report) ? 'incomplete' : report.state;
}

/** What is wrong with a data set, and what to do. */
function describe(report: DatasetReport): string {
  const { name, folder, problem, origin, unreadable = [] } = report;
  const state = stateOf(report);
  const found =
    state === 'absent'
      ? [`  there is no ${folder}/`]
      : problem
        ? [`  ${problem.message}`, `  where: ${problem.where ?? folder}`, `  to do: ${problem.remedy ?? ''}`]
        : [];
  const counts = (['classes', 'train', 'val', 'test'] as const).flatMap((kind) => {
    const count = report[kind];
    const what = kind === 'classes' ? kind : `${kind} images`;
    return count && count.found !== (count.published ?? 0)
      ? [`  ${what}: ${count.found} found, ${count.published ?? 0} published`]
      : [];
  });
  const images = unreadable.slice(0, NAMED).map(({ id, message }) => `  ${id}: ${message}`);
  const more = unreadable.length > NAMED ? [`  and ${unreadable.length - NAMED} more (--json names all)`] : [];
  const notes = (report.notes ?? []).map((note) => `  ${note}`);
  return [`${name}: ${state}`, ...found, ...counts, ...notes, ...images, ...more, `  to be had from ${origin}`].join(
    '\n',
  );
}

/** A folder of class folders, a table or a split file of one's own. */
async function checkOwn(root: string, { decode, json, level }: CheckOptions): Promise<CheckOutcome> {
  const registry = await loadRegistry(undefined, import.meta.url);
  const { use, ...options } = datasetChoice(root, registry, { flag: 'folder' });
  if (level !== undefined && use !== 'folder') {
    throw new ConfigError('Only a folder has class folders at a level.', {
      where: '--level',
      remedy: 'Leave --level out.',
    });
  }
  const plugin = registry.get('dataset', use);
  const parsed = plugin.options.safeParse({ ...options, ...(level !== undefined && { level }) });
  if (!parsed.success)
    throw new ConfigError(`--level ${level}: class folders lie at a level from 1 to 8.`, { where: '--level' });
  const context = { folder: dirname(root), seed: 1, services: basicServices(1) };
  const dataset = await plugin.create(context, parsed.data);
  const base = use === 'folder' ? root : dirname(root);
  const counter = createCounter(basename(root), json);
  const unreadable = await (decode ? findUnreadable : findMissing)(dataset, counter.show);
  counter.end();
  const { classNames, train, val, test, notes = [] } = dataset;
  const counts = { classes: classNames.length, train: train.length, val: val.length, test: test.length };
  if (json)
    return {
      text: JSON.stringify({ folder: root, ...counts, notes, unreadable }, undefined, 2),
      isWhole: unreadable.length === 0,
    };
  const lines = [
    `${root}: ${counts.classes} classes, ${counts.train} train, ${counts.val} val and ${counts.test} test images`,
    ...notes.map((note) => `  ${note}`),
    ...unreadable.map(({ id, message }) => `  ${join(base, id)}: ${message}`),
    unreadable.length > 0
      ? `${unreadable.length} images cannot be used. Replace or remove them, or set train.onBadImage=skip.`
      : decode
        ? 'Every image can be read.'
        : 'No image is missing or empty; --images decodes every one.',
  ];
  return { text: lines.join('\n'), isWhole: unreadable.length === 0 };
}
