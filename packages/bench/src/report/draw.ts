import type { Config, TopLevelSpec } from 'vega-lite';
import { textWidth } from './text-width.js';

/** A picture as SVG, and what it shows. */
export interface Picture {
  /** What its file is called, without ending: lower case, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
  /** The same for the width of a phone; absent where the other one fits there. */
  readonly narrow?: string;
  /** What it is drawn from, so that it can be drawn in another style. */
  readonly spec: TopLevelSpec;
}

/** Lines and text take the colour of the page, so that a picture is good in light and dark. */
const config: Config = {
  background: 'transparent',
  font: 'system-ui, "DejaVu Sans", sans-serif',
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    gridColor: '#8884',
    domainColor: '#8888',
    tickColor: '#8888',
    labelLimit: 420,
    labelFontSize: 11.5,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelLimit: 420,
    labelFontSize: 11.5,
    symbolOpacity: 1,
  },
  header: { labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 12.5 },
  text: { color: 'currentColor' },
  view: { stroke: null },
  range: {
    category: [
      '#4c78a8',
      '#f58518',
      '#54a24b',
      '#b279a2',
      '#e45756',
      '#72b7b2',
      '#d4a017',
      '#9d755d',
      '#3b3b8f',
      '#ff9da6',
      '#a0cbe8',
      '#ffbe7d',
      '#8cd17d',
      '#d7b5a6',
      '#1b6b60',
      '#b6992d',
      '#86306f',
      '#d37295',
      '#5c8a00',
      '#8a8a8a',
    ],
  },
};

/** Draws without a browser; the library is loaded when it is needed. @param name of the picture, of which its inner names are made */
export async function draw(name: string, title: string, spec: TopLevelSpec): Promise<Picture> {
  return { name, title, spec, svg: withOwnNames(await render(spec), name) };
}

/** What Vega measures texts with, and lets others measure; its types do not tell of it. */
interface TextMetrics {
  width: (item: { readonly fontSize?: number; readonly font?: string }, text: unknown) => number;
}

/** A picture as SVG, in the looks of the page, or others. */
export async function render(spec: TopLevelSpec, looks: Config = {}): Promise<string> {
  const [{ compile }, { Error: ERRORS, logger, parse, View, ...vega }] = await Promise.all([
    import('vega-lite'),
    import('vega'),
  ]);
  // Without a canvas it takes every letter for wide.
  const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics };
  textMetrics.width = ({ fontSize = 11, font }, text) => textWidth(String(text ?? ''), Number(fontSize), font);
  // It warns of scales that each facet has for itself, which is what is wanted, and says so on the terminal.
  const own = { ...config, ...looks };
  const compiled = compile(spec, { config: own, logger: logger(ERRORS) }).spec;
  const view = new View(parse(compiled), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** Clips and gradients are named within a file; on a page with many pictures no two may have the same name. */
export function withOwnNames(svg: string, name: string): string {
  return svg.replaceAll(/(id="|url\(#)((?:clip|gradient)[\w-]*)/g, `$1${name}-$2`);
}

/** Text and lines on paper, and on dark ground. */
const INK = { light: '#1b1f24', dark: '#e6e8eb' } as const;

/** A picture as a file of its own, which follows the colours of whatever shows it. */
export function standaloneSvg({ svg }: Pick<Picture, 'svg'>): string {
  const style = `<style>svg{color:${INK.light}}@media (prefers-color-scheme:dark){svg{color:${INK.dark}}}</style>`;
  return svg.replace(/(<svg[^>]*>)/, `$1${style}`);
}

/** A picture in fixed colours, for programs that know no others. */
export function plainSvg({ svg }: Pick<Picture, 'svg'>, ink: string = INK.light): string {
  return svg.replaceAll('currentColor', ink);
}
