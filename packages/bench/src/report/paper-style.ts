import type { Config, TopLevelSpec } from 'vega-lite';
import { plainSvg, render, type Picture } from './draw.js';
import { fitWidth, narrowerForms, scaledPicture, sizeOf } from './fit-width.js';

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
  const { column, page } = paperWidths;
  for (const form of narrowerForms(spec)) {
    const found = await fitWidth(form, { ...fitting, width: column * POINTS_PER_MM });
    if (found) return { name, title, ...withSize(found) };
  }
  const wide = { ...fitting, width: page * POINTS_PER_MM, tallest: Infinity };
  const widest = (await fitWidth(spec, wide)) ?? (await fitWidth(spec, { ...wide, narrowest: 0 }));
  return { name, title, ...withSize(widest ?? (await scaledPicture(spec, 0.5, wide))) };
}

const fitting = {
  narrowest: NARROWEST,
  tallest: TALLEST,
  marks: { size: 0.3, strokeWidth: 0.55, thickness: 0.6, fontSize: 0.55 },
  row: 0.75,
  /** What a picture says of legends, less what the paper says itself. */
  config: ({ legend }: Config): Config =>
    legend ? { legend: { ...config.legend, orient: legend.orient, columns: 3 } } : {},
  draw: async (spec: TopLevelSpec): Promise<string> => plainSvg({ svg: await render(spec, config) }, INK),
};

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
