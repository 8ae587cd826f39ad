import type { Config, TopLevelSpec } from 'vega-lite';
import { plainSvg, render, type Picture } from './draw.js';

/** Millimetres: one column of a journal's page, and both. */
export const paperWidths = { column: 84, page: 174 } as const;

/** The font of papers, and one as wide as it where it is missing. */
export const PAPER_FONT = 'Tinos';

const POINTS_PER_MM = 72 / 25.4;
/** Points that a panel has at least, within its axes. */
const NARROWEST = 96;
/** Of a picture with few things one above the other, no more than that of its width. */
const TALLEST = 2.2;

/** A picture at the size at which a paper prints it. */
export interface PaperPicture extends Pick<Picture, 'name' | 'title'> {
  /** Black on white, in points; the size stands in millimetres. */
  readonly svg: string;
  /** Points. */
  readonly width: number;
  readonly height: number;
}

const INK = '#000000';

const config: Config = {
  background: '#ffffff',
  font: `${PAPER_FONT}, "Times New Roman", Times, "Liberation Serif", serif`,
  padding: 2,
  axis: {
    ...{ labelColor: INK, titleColor: INK, domainColor: INK, tickColor: INK, gridColor: '#d9d9d9' },
    ...{ labelFontSize: 7, titleFontSize: 8, titleFontWeight: 'normal', labelLimit: 200, labelPadding: 2 },
    ...{ gridWidth: 0.4, domainWidth: 0.5, tickWidth: 0.5, tickSize: 3, titlePadding: 3 },
  },
  legend: {
    ...{ labelColor: INK, titleColor: INK, labelFontSize: 7, titleFontSize: 8, labelLimit: 200 },
    ...{ symbolSize: 30, symbolStrokeWidth: 1, rowPadding: 1, columnPadding: 6, padding: 0, offset: 6 },
    gradientLength: 80,
  },
  header: { labelColor: INK, titleColor: INK, labelFontSize: 8, labelPadding: 3 },
  title: { color: INK, fontSize: 8, offset: 3 },
  text: { color: INK, fontSize: 6 },
  facet: { spacing: 12 },
  concat: { spacing: 14 },
  view: { stroke: null },
};

/**
 * Draws a picture anew for paper: as wide as a column, or as both where its panels need that, with type of 7 and 8 points in the font of papers, thin
 * lines and no colour of the page.
 */
export async function paperPicture({ name, title, spec }: Picture): Promise<PaperPicture> {
  for (const [width, form] of formsOf(spec)) {
    const found = await fitted(form, width * POINTS_PER_MM);
    if (found) return { name, title, ...withSize(found) };
  }
  const widest = await fitted(spec, paperWidths.page * POINTS_PER_MM, 0);
  return { name, title, ...withSize(widest ?? plainSvg({ svg: await drawn(spec, 0.5) })) };
}

/** What is tried, the narrow first: the panels as they are, fewer side by side, one above the other. */
function formsOf(spec: TopLevelSpec): [number, TopLevelSpec][] {
  const { column, page } = paperWidths;
  if ('columns' in spec && typeof spec.columns === 'number' && 'facet' in spec) {
    const { columns } = spec;
    const fewer = Array.from({ length: columns }, (_, i) => ({ ...spec, columns: columns - i }) as TopLevelSpec);
    return [...fewer.map((form): [number, TopLevelSpec] => [column, form]), [page, spec]];
  }
  if ('hconcat' in spec) {
    const { hconcat, ...rest } = spec;
    return [
      [column, spec],
      [column, { ...rest, vconcat: hconcat } as TopLevelSpec],
      [page, spec],
    ];
  }
  return [
    [column, spec],
    [page, spec],
  ];
}

/**
 * The picture with its panels as wide as the width leaves; undefined where that is too little, or the whole too tall for what it shows.
 * @param width points
 */
async function fitted(spec: TopLevelSpec, width: number, narrowest = NARROWEST): Promise<string | undefined> {
  const widths = panelWidths(spec);
  if (widths.length === 0) return undefined;
  // What is beside the panels does not grow with them: two drawings tell how much that is.
  const [small, large] = await Promise.all([drawn(spec, 0.3), drawn(spec, 0.6)]).then((both) =>
    both.map((svg) => sizeOf(svg).width),
  );
  const growth = (large! - small!) / 0.3;
  if (growth <= 0) return undefined;
  const factor = 0.3 + (width - small!) / growth;
  if (factor <= 0 || Math.min(...widths) * factor < narrowest) return undefined;
  const svg = await drawn(spec, factor);
  const size = sizeOf(svg);
  const isTooTall = narrowest > 0 && width < paperWidths.page * POINTS_PER_MM && size.height > TALLEST * width;
  return size.width > width * 1.02 || isTooTall ? undefined : svg;
}

async function drawn(spec: TopLevelSpec, factor: number): Promise<string> {
  return plainSvg({ svg: await render(scaled(spec, factor), config) }, INK);
}

/** Widths of the panels of a picture; that of a matrix is the one of a step. */
function panelWidths(spec: unknown): number[] {
  const found: number[] = [];
  visit(spec, (key, value) => {
    if (key !== 'width') return;
    if (typeof value === 'number') found.push(value);
    else if (typeof value === 'object' && value !== null && 'step' in value) found.push(Number.POSITIVE_INFINITY);
  });
  return found;
}

/** How much smaller marks are than on a page, whatever becomes of the panels. */
const MARKS: Readonly<Record<string, number>> = { size: 0.3, strokeWidth: 0.55, thickness: 0.6, fontSize: 0.55 };
const ROW = 0.75;

/** A picture with other widths of its panels, and smaller marks. */
function scaled(spec: TopLevelSpec, factor: number): TopLevelSpec {
  const change = (key: string, value: unknown, within: string): unknown => {
    if (key === 'values' && Array.isArray(value)) return value; // data
    if (key === 'config') return without(value as Config);
    if (typeof value === 'number') {
      if (key === 'width' || key === 'height') return value * factor;
      if (key === 'step') return value * (within === 'width' || isSquare(spec) ? factor : ROW);
      return key in MARKS ? value * MARKS[key]! : value;
    }
    if (Array.isArray(value)) return value.map((entry: unknown) => change('', entry, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([inner, entry]) => [inner, change(inner, entry, key)]));
  };
  return change('', spec, '') as TopLevelSpec;
}

/** Cells of a matrix stay squares. */
function isSquare(spec: TopLevelSpec): boolean {
  return 'width' in spec && typeof spec.width === 'object';
}

/** What a picture says of legends, less what the paper says itself. */
function without({ legend }: Config): Config {
  return legend ? { legend: { ...config.legend, orient: legend.orient, columns: 3 } } : {};
}

function visit(value: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'values') continue;
    see(key, inner);
    visit(inner, see);
  }
}

function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}

/** The size in millimetres, so that the picture is printed as large as it was drawn. */
function withSize(svg: string): Pick<PaperPicture, 'svg' | 'width' | 'height'> {
  const size = sizeOf(svg);
  const millimetres = (points: number): string => `${(points / POINTS_PER_MM).toFixed(2)}mm`;
  const sized = svg.replace(
    / width="[\d.]+" height="[\d.]+"/,
    ` width="${millimetres(size.width)}" height="${millimetres(size.height)}"`,
  );
  return { svg: sized, ...size };
}
