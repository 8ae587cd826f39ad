import type { Config, TopLevelSpec } from 'vega-lite';
import { BELOW } from './pictures.js';
import { render, withOwnNames, type Picture } from './draw.js';
import { fitWidth, narrowerForms, sizeOf } from './fit-width.js';

/** CSS pixels: what the page leaves on a phone of 400, and what pictures take of it. */
const PAGE = 368;
const WIDTH = 360;
/** Panels side by side are as wide at least, and a single one. */
const [BESIDE, ALONE] = [130, 96];

const fitting = {
  width: WIDTH,
  tallest: Infinity,
  most: 1,
  config: (own: Config): Config => ({ ...own, ...BELOW, legend: { ...BELOW.legend, columns: 1 } }),
  draw: (spec: TopLevelSpec): Promise<string> => render(spec),
};

/** The picture drawn anew for the width of a phone, its type as large as on the page; undefined where it is no wider than that, or cannot be. */
export async function phonePicture({ name, spec, svg }: Picture): Promise<string | undefined> {
  if (sizeOf(svg).width <= PAGE) return undefined;
  const forms = narrowerForms({ config: {}, ...spec });
  for (const [i, form] of forms.entries()) {
    const narrowest = i === forms.length - 1 ? ALONE : BESIDE;
    const found = await fitWidth(form, { ...fitting, narrowest });
    if (found) return withOwnNames(found, `${name}-narrow`);
  }
  return undefined;
}
