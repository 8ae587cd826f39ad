import type { Config, TopLevelSpec } from 'vega-lite';

/** How a picture is drawn in a given width. */
export interface Fitting {
  /** Of the whole picture, in the units of its type. */
  readonly width: number;
  /** Width that a panel has at least, within its axes. */
  readonly narrowest: number;
  /** Height at most, as a share of the width. */
  readonly tallest: number;
  /** Panels are no wider than so many times that of the page. */
  readonly most?: number;
  readonly draw: (spec: TopLevelSpec) => Promise<string>;
  /** How much smaller marks are than on a page, by their option, whatever becomes of the panels. */
  readonly marks?: Readonly<Record<string, number>>;
  /** How much smaller rows and bars are. */
  readonly row?: number;
  /** What becomes of the picture's own configuration. */
  readonly config: (own: Config) => Config;
}

/** The picture with its panels as wide as the width leaves; undefined where that is too little, or the whole too tall for what it shows. */
export async function fitWidth(spec: TopLevelSpec, fitting: Fitting): Promise<string | undefined> {
  const { width, narrowest, tallest, most = Infinity } = fitting;
  const widths = panelWidths(spec);
  if (widths.length === 0) return undefined;
  // What is beside the panels does not grow with them: two drawings tell how much that is, further ones where a legend is wider than the panels.
  let [one, other] = await Promise.all([SMALL, LARGE].map((factor) => drawing(spec, factor, fitting)));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const growth = (other!.width - one!.width) / (other!.factor - one!.factor);
    if (!(growth > 0)) return undefined;
    const factor = Math.min(most, one!.factor + (width - one!.width) / growth);
    if (factor <= 0 || Math.min(...widths) * factor < narrowest) return undefined;
    const found = await drawing(spec, factor, fitting);
    if (found.width <= width * 1.02) return found.height > tallest * width ? undefined : found.svg;
    [one, other] = [other!.factor < factor ? other : one, found];
  }
  return undefined;
}

/** Factors that are drawn first, and corrections. */
const [SMALL, LARGE] = [0.3, 0.6];
const ATTEMPTS = 3;

async function drawing(spec: TopLevelSpec, factor: number, fitting: Fitting) {
  const svg = await scaledPicture(spec, factor, fitting);
  return { factor, svg, ...sizeOf(svg) };
}

/** The picture with its panels larger or smaller by a factor. */
export function scaledPicture(spec: TopLevelSpec, factor: number, fitting: Fitting): Promise<string> {
  return fitting.draw(scaled(spec, factor, fitting));
}

/** The same with fewer panels side by side: as they are, fewer, one above the other. */
export function narrowerForms(spec: TopLevelSpec): TopLevelSpec[] {
  if ('columns' in spec && typeof spec.columns === 'number' && 'facet' in spec) {
    const { columns } = spec;
    return Array.from({ length: columns }, (_, i) => ({ ...spec, columns: columns - i }) as TopLevelSpec);
  }
  if ('hconcat' in spec) {
    const { hconcat, ...rest } = spec;
    return [spec, { ...rest, vconcat: hconcat } as TopLevelSpec];
  }
  return [spec];
}

/** Width and height of a picture, as it says them itself. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
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

function scaled(spec: TopLevelSpec, factor: number, { marks = {}, row = 1, config }: Fitting): TopLevelSpec {
  const change = (key: string, value: unknown, within: string): unknown => {
    if (key === 'values' && Array.isArray(value)) return value; // data
    if (key === 'config') return config(value as Config);
    if (typeof value === 'number') {
      if (key === 'width' || key === 'height') return value * factor;
      if (key === 'step') return value * (within === 'width' || isSquare(spec) ? factor : row);
      return key in marks ? value * marks[key]! : value;
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

function visit(value: unknown, see: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'values') continue;
    see(key, inner);
    visit(inner, see);
  }
}
