import { PAPER_FONT, plainSvg, type PaperPicture, type Picture } from '@promptweave/bench';
import { PromptweaveError } from '@promptweave/core';
import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { paperFonts } from './paper-fonts.js';

/** Pixels of the file for each of the picture. */
const ZOOM = 2;

const options: ResvgRenderOptions = {
  fitTo: { mode: 'zoom', value: ZOOM },
  background: '#ffffff',
  font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
};

/**
 * A picture as a PNG file, black on white, twice as large as on the page.
 * @throws PromptweaveError where the machine has no fonts, and the picture would have no text
 */
export function pngOf(picture: Picture): Buffer {
  if (!hasFonts()) {
    throw new PromptweaveError('Pictures as PNG need a font, and this machine has none.', {
      remedy: 'Install one (on Debian: apt install fonts-dejavu-core), or write SVG instead: --svg.',
    });
  }
  return Buffer.from(new Resvg(plainSvg(picture), options).render().asPng());
}

let fonts: boolean | undefined;

/** Dots of a printed line, an inch. */
const PRINTED = 600;

/** A picture for paper as a PNG file of 600 dots an inch, in the font of papers. */
export function paperPng({ svg, width }: PaperPicture): Buffer {
  const zoom = PRINTED / 72;
  const shown = svg.replace(/ width="[\d.]+mm" height="[\d.]+mm"/, ''); // the size of its view box, in points
  const rendered = new Resvg(shown, {
    fitTo: { mode: 'width', value: Math.round(width * zoom) },
    background: '#ffffff',
    font: { loadSystemFonts: true, fontFiles: Object.values(paperFonts()), defaultFontFamily: PAPER_FONT },
  });
  return Buffer.from(rendered.render().asPng());
}

/** Whether a letter leaves a trace. */
function hasFonts(): boolean {
  const letter = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="18">M</text></svg>';
  const { font } = options;
  fonts ??= new Resvg(letter, { background: '#ffffff', font }).render().pixels.some((value) => value < 128);
  return fonts;
}
