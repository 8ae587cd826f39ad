import type { Config, TopLevelSpec } from 'vega-lite';

/** A picture as SVG, and what it shows. */
export interface Picture {
  /** What its file is called, without ending: lower case, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
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
      '#8a8a8a',
      '#ff9da6',
    ],
  },
};

/** Draws without a browser; the library is loaded when it is needed. @param name of the picture, of which its inner names are made */
export async function draw(name: string, title: string, spec: TopLevelSpec): Promise<Picture> {
  const [{ compile }, { Error: ERRORS, logger, parse, View }] = await Promise.all([
    import('vega-lite'),
    import('vega'),
  ]);
  // It warns of scales that each facet has for itself, which is what is wanted, and says so on the terminal.
  const compiled = compile(spec, { config, logger: logger(ERRORS) }).spec;
  const view = new View(parse(compiled), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return { name, title, svg: withOwnNames(svg, name) };
}

/** Clips and gradients are named within a file; on a page with many pictures no two may have the same name. */
function withOwnNames(svg: string, name: string): string {
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
export function plainSvg({ svg }: Pick<Picture, 'svg'>): string {
  return svg.replaceAll('currentColor', INK.light);
}
