import { mean } from '../protocols/means.js';
import type { FigureKind } from '@promptweave/core';
import { figureTitle, slug } from '@promptweave/core/experiment';
import { shownText, shownValue } from '../protocols/figure-unit.js';
import type { AxisCurve, Effect } from './analysis/axis-effects.js';
import type { ClassGain } from './analysis/label-gains.js';
import { draw, type Picture } from './draw.js';
import { BELOW, withinScale } from './pictures.js';

/**
 * The figures along an axis of numbers: shots, depth, or whatever the grid varies.
 * @param of the one figure that is shown of several data sets, whose names the panels have
 */
export async function axisPicture({ axis, points, averaged, sampled }: AxisCurve, of?: string): Promise<Picture> {
  const values = points.map(({ series, at, figure: name, kind, mean: value, sd }) => {
    const [shown, low, high] = [value, value - sd, value + sd].map((number) =>
      withinScale(kind, shownValue(kind, number)),
    );
    const text = `${series}, ${axis} ${at}: ${shownText(kind, value, 1)}`;
    return { series, at, figure: figureTitle(name, kind), value: shown, low, high, text };
  });
  const ticks = [...new Set(points.map(({ at }) => at))];
  const ratio = Math.max(...ticks) / Math.min(...ticks);
  const scale = Math.min(...ticks) > 0 && ratio >= 8 ? { type: 'log' as const, base: 2 } : { zero: false };
  const marks = sampled ? { format: '~g' } : { values: ticks, format: '~g' };
  const x = { field: 'at', type: 'quantitative' as const, title: axis, scale, axis: marks };
  const y = { type: 'quantitative' as const, scale: { zero: false }, title: null };
  const color = { field: 'series', type: 'nominal' as const, sort: null, title: null };
  const spread = averaged
    ? 'mean and standard deviation over everything else'
    : 'mean and standard deviation over seeds';
  const line = {
    mark: { type: 'line' as const, strokeWidth: 1.5, aria: false },
    encoding: { x, y: { ...y, field: 'value' }, color },
  };
  const title = `${of === undefined ? '' : `${of}, percent, by data set. `}Over ${axis}: ${sampled ? 'points of the sample, whatever else was sampled; ' : ''}${spread}`;
  return draw(`over-${axisSlug(axis)}`, title, {
    data: { values },
    facet: { field: 'figure', type: 'nominal', title: null, sort: [...new Set(values.map(({ figure }) => figure))] },
    columns: 3,
    spec: {
      width: 300,
      height: 200,
      layer: [
        ...(sampled ? [] : [line]),
        {
          mark: { type: 'rule', aria: false },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 50, opacity: 1 },
          encoding: { x, y: { ...y, field: 'value' }, color, description: { field: 'text' } },
        },
      ],
    },
    resolve: { scale: { y: 'independent' } },
    config: BELOW,
  });
}

/** Values of an axis that are shown. */
const VALUES = 24;

/** What each value of each axis does to a figure, everything else equal. */
export async function effectPicture(
  figure: string,
  kind: FigureKind,
  effects: readonly Effect[],
): Promise<Picture | undefined> {
  const axes = [...new Set(effects.map(({ axis }) => axis))];
  if (axes.length === 0) return undefined;
  const { unit = 'points' } = kind;
  const panels = axes.map((axis) => {
    const own = effects.filter((effect) => effect.axis === axis).slice(0, VALUES);
    const values = own.flatMap(({ value, differences }) =>
      differences.map((each) => ({ value, points: shownValue(kind, each) })),
    );
    const means = own.map(({ value, differences }) => {
      const points = shownValue(kind, mean(differences));
      return {
        value,
        points,
        text: `${axis} ${value}: ${points.toFixed(1)} ${unit} over ${differences.length} comparisons`,
      };
    });
    const y = {
      field: 'value',
      type: 'nominal' as const,
      sort: null,
      title: axis,
      axis: { titleAngle: 0, titleAlign: 'right' as const, titlePadding: 10, labelLimit: 160 },
    };
    const x = { field: 'points', type: 'quantitative' as const, title: `${figure}, ${unit} above the mean` };
    return {
      width: 460,
      height: { step: 22 },
      layer: [
        {
          data: { values },
          mark: { type: 'tick' as const, opacity: 0.45, thickness: 1.5, aria: false },
          encoding: { x, y },
        },
        {
          data: { values: [{ points: 0 }] },
          mark: { type: 'rule' as const, color: '#8888', aria: false },
          encoding: { x },
        },
        {
          data: { values: means },
          mark: { type: 'point' as const, filled: true, size: 90, opacity: 1, color: '#f58518' },
          encoding: { x, y, description: { field: 'text' } },
        },
      ],
    };
  });
  const others = effects.some(({ sampled }) => sampled) ? ' but for sampled values' : '';
  const title = `What each choice does to ${figure}, everything else equal${others}: mean (dot) and each comparison (line)`;
  return draw('effects', title, { vconcat: panels, resolve: { scale: { x: 'shared' } } });
}

/** Classes of each end of the list that are shown. */
const CLASSES = 15;

/** The classes that gain and those that lose the most; an arrow from frozen labels to learned ones. */
export async function classGainPicture(gains: readonly ClassGain[], of: string): Promise<Picture | undefined> {
  const changed = gains.filter(({ learned, frozen }) => learned !== frozen);
  if (changed.length === 0) return undefined;
  const shown = changed.length <= 2 * CLASSES ? changed : [...changed.slice(0, CLASSES), ...changed.slice(-CLASSES)];
  const values = shown.map(({ set, name, learned, frozen }) => {
    const gain = learned - frozen;
    const text = `${name} (${set}): ${(100 * frozen).toFixed(1)} with frozen, ${(100 * learned).toFixed(1)} with learned labels`;
    return {
      name: `${name} (${set})`,
      frozen: 100 * frozen,
      learned: 100 * learned,
      gain: gain > 0 ? 'gains' : 'loses',
      text,
    };
  });
  const y = { field: 'name', type: 'nominal' as const, sort: null, title: null };
  const color = {
    field: 'gain',
    type: 'nominal' as const,
    title: null,
    scale: { domain: ['gains', 'loses'], range: ['#54a24b', '#e45756'] },
  };
  const x = { type: 'quantitative' as const, title: 'accuracy of the class, percent' };
  const hidden = changed.length - shown.length;
  const rest = hidden > 0 ? ` (${hidden} classes in between are left out)` : '';
  return draw('class-gains', `${of}: from frozen labels (ring) to learned ones (dot)${rest}`, {
    data: { values },
    width: 460,
    height: { step: 16 },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, aria: false },
        encoding: { y, x: { ...x, field: 'frozen' }, x2: { field: 'learned' }, color },
      },
      {
        mark: { type: 'point', size: 36, opacity: 1, aria: false },
        encoding: { y, x: { ...x, field: 'frozen' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
        encoding: { y, x: { ...x, field: 'learned' }, color, description: { field: 'text' } },
      },
    ],
  });
}

/** Option paths are told apart without signs and upper case. */
function axisSlug(axis: string): string {
  return slug(axis.replaceAll('.', '-').toLowerCase());
}
