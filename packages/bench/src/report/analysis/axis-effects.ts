import type { FigureKind } from '@promptweave/core';
import { canonicalJson } from '@promptweave/core/experiment';
import { mean, standardDeviation } from '../../protocols/means.js';
import { shortText } from '../../sweep/short-text.js';
import type { Study, StudyRow } from '../study.js';
import { groupBy } from './group-by.js';
import { isSampled, partsOf } from './sampled-axes.js';

/** A point of a figure along an axis of numbers. */
export interface AxisPoint {
  /** What else the rows have in common. */
  readonly series: string;
  readonly at: number;
  readonly figure: string;
  readonly kind: FigureKind;
  /** In the figure's own unit, else fractions; the spread is over seeds, or over the rows of the series where there are several. */
  readonly mean: number;
  readonly sd: number;
}

/** A figure along one axis. */
export interface AxisCurve {
  readonly axis: string;
  readonly points: readonly AxisPoint[];
  /** Whether points are means over rows that differ in something else. */
  readonly averaged: boolean;
  /** Whether the points are those of a sampled range: no line leads from one to the next. */
  readonly sampled: boolean;
}

/** How much the choice of a value does to a figure, everything else equal but for what was sampled. */
export interface Effect {
  readonly axis: string;
  /** The value, or a part of a sampled range. */
  readonly value: string;
  /** One for each choice of everything else, or for each point of the sample: the row minus the mean of its group; fractions. */
  readonly differences: readonly number[];
  /** Whether the group of a row are those that differ in sampled axes, too. */
  readonly sampled: boolean;
}

/** Lines that a picture can tell apart. */
const SERIES = 10;

/** All values of a row; options within a part have their own paths (`prompt.depth`), a part's name is `prompt.use`. */
export function flatValues({ values }: Pick<StudyRow, 'values'>): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const add = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) add(`${path}.${key}`, inner);
    } else flat[['prompt', 'labels', 'dataset', 'backbone'].includes(path) ? `${path}.use` : path] = value;
  };
  for (const [path, value] of Object.entries(values)) add(path, value);
  return flat;
}

/** The figures along every axis of numbers: lines on which everything else stays equal, and the points of sampled ranges. */
export function axisCurves({ rows }: Study, figures: readonly string[]): AxisCurve[] {
  const finished = rows.filter((row) => Object.keys(row.figures).length > 0);
  const flat = new Map(finished.map((row) => [row, flatValues(row)]));
  const paths = [...new Set([...flat.values()].flatMap((values) => Object.keys(values)))];
  const varying = paths.filter(
    (path) => new Set([...flat.values()].map((v) => canonicalJson(v[path] ?? null))).size > 1,
  );
  const sampled = varying.filter((axis) => {
    const others = varying.filter((path) => path !== axis);
    const othersOf = (row: StudyRow): string => canonicalJson(others.map((path) => flat.get(row)![path] ?? null));
    const isNamed = varying.includes('name') && isImplied(axis, finished, flat);
    return !isNamed && isSampled(finished, (row) => flat.get(row)![axis], othersOf);
  });
  return varying.flatMap((axis) => {
    const own = finished.filter((row) => typeof flat.get(row)![axis] === 'number');
    const seriesOf = (row: StudyRow, kept: readonly string[]): string =>
      kept.flatMap((path) => (flat.get(row)![path] === undefined ? [] : [shortText(flat.get(row)![path])])).join(' · ');
    const others = varying.filter((path) => path !== axis && path !== 'name' && !sampled.includes(path));
    // Where the entries of a list differ in this very option, their names would tell its values apart.
    const named =
      varying.includes('name') && !isImplied(axis, own, flat)
        ? ['name', ...others.filter((path) => !isImplied(path, own, flat))]
        : others;
    const full = groupBy(own, (row) => seriesOf(row, named));
    const lines = [...full.values()].filter((group) => new Set(group.map((row) => flat.get(row)![axis])).size > 1);
    if (lines.length === 0) return [];
    const kept = lines.length > SERIES ? named.slice(0, 1) : named;
    const groups = groupBy(lines.flat(), (row) => seriesOf(row, kept));
    const points = [...groups].flatMap(([series, group]) => pointsOf(series, axis, group, flat, figures));
    const averaged = [...groups.values()].some(
      (group) => new Set(group.map((row) => flat.get(row)![axis])).size < group.length,
    );
    return [{ axis, points, averaged, sampled: sampled.includes(axis) }];
  });
}

/** Whether a named entry of the grid stands for this value: then its name tells it. */
function isImplied(
  path: string,
  rows: readonly StudyRow[],
  flat: ReadonlyMap<StudyRow, Record<string, unknown>>,
): boolean {
  const groups = groupBy(rows, (row) => canonicalJson(flat.get(row)!['name'] ?? null));
  if (groups.size < 2) return false;
  return [...groups.values()].every(
    (group) => new Set(group.map((row) => canonicalJson(flat.get(row)![path] ?? null))).size === 1,
  );
}

function pointsOf(
  series: string,
  axis: string,
  rows: readonly StudyRow[],
  flat: ReadonlyMap<StudyRow, Record<string, unknown>>,
  figures: readonly string[],
): AxisPoint[] {
  return [...groupBy(rows, (row) => flat.get(row)![axis] as number)].flatMap(([at, group]) =>
    figures.flatMap((figure): AxisPoint[] => {
      const found = group.flatMap((row) => (Object.hasOwn(row.figures, figure) ? row.figures[figure]! : []));
      if (found.length === 0) return [];
      const means = found.map((each) => each.mean);
      const sd = found.length === 1 ? found[0]!.sd : standardDeviation(means);
      const { unit, better } = found[0]!;
      return [{ series: series || 'all', at, figure, kind: { unit, better }, mean: mean(means), sd }];
    }),
  );
}

/** The marginal effect of every axis: rows that differ in nothing else, or in sampled axes alone, against their mean. */
export function axisEffects({ axes, rows }: Study, figure: string): Effect[] {
  const finished = rows.filter((row) => Object.hasOwn(row.figures, figure));
  const without = (left: readonly number[]) => (row: StudyRow) =>
    JSON.stringify(row.labels.filter((_, i) => !left.includes(i)));
  const sampled = [...axes.keys()].filter((a) => isSampled(finished, ({ values }) => values[axes[a]!], without([a])));
  return axes.flatMap((axis, a) => {
    const all = new Set(finished.map(({ labels }) => labels[a]!));
    const groups = [...groupBy(finished, without([a])).values()];
    const complete = groups.filter((group) => group.length === all.size);
    const used = complete.length > 0 ? complete : groups.filter((group) => group.length > 1);
    if (!sampled.includes(a) && used.length > 0) return effectsOf(axis, used, figure, ({ labels }) => labels[a]!);
    if (sampled.length === 0) return [];
    const alike = [...groupBy(finished, without([a, ...sampled])).values()];
    const parts = partsOf(finished.flatMap(({ values }) => (sampled.includes(a) ? numberOf(values[axis]) : [])));
    const nameOf = ({ values, labels }: StudyRow): string => parts.get(values[axis] as number) ?? labels[a]!;
    const varied = alike.filter((group) => new Set(group.map(nameOf)).size > 1);
    const order = [...parts.values()];
    return effectsOf(axis, varied, figure, nameOf)
      .map((effect) => ({ ...effect, sampled: true }))
      .sort((one, other) => order.indexOf(one.value) - order.indexOf(other.value));
  });
}

/** Each row against the mean of its group, by what the rows are called. */
function effectsOf(
  axis: string,
  groups: readonly (readonly StudyRow[])[],
  figure: string,
  nameOf: (row: StudyRow) => string,
): Effect[] {
  const differences = groups.flatMap((group) => {
    const centre = mean(group.map((row) => row.figures[figure]!.mean));
    return group.map((row) => ({ value: nameOf(row), difference: row.figures[figure]!.mean - centre }));
  });
  return [...groupBy(differences, ({ value }) => value)].map(([value, own]) => {
    return { axis, value, differences: own.map(({ difference }) => difference), sampled: false };
  });
}

function numberOf(value: unknown): number[] {
  return typeof value === 'number' ? [value] : [];
}
