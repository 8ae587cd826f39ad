import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { paperPicture, plainSvg, standaloneSvg, type PaperPicture, type Picture } from '@promptweave/bench';
import { missingLetters, pdfOf } from './picture-pdf.js';
import { paperPng, pngOf } from './picture-png.js';
import { writeAnew } from './write-anew.js';

/** Writes every picture as SVG, PDF and PNG, in the looks of a paper, or of the page. */
export async function writeFigures(
  pictures: readonly Picture[],
  folder: string,
  style: 'paper' | 'page',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const missing = new Set<string>();
  for (const picture of pictures) {
    const paper = style === 'paper' ? await paperPicture(picture) : asDrawn(picture);
    const write = (ending: string, content: string | Uint8Array): Promise<void> =>
      writeAnew(join(folder, `${picture.name}.${ending}`), content);
    await write('svg', style === 'paper' ? paper.svg : standaloneSvg(picture));
    await write('pdf', await pdfOf(paper));
    await write('png', style === 'paper' ? paperPng(paper) : pngOf(picture));
    for (const letter of missingLetters(paper.svg)) missing.add(letter);
  }
  if (missing.size > 0) {
    console.error(
      `The font of the PDF files has no ${[...missing].join(' ')}; the SVG files show them where the reader has a font for them.`,
    );
  }
}

/** A picture of the page: a pixel is a point. */
function asDrawn({ name, title, ...picture }: Picture): PaperPicture {
  const svg = plainSvg(picture);
  const [, width, height] = / width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return { name, title, svg, width: Number(width), height: Number(height) };
}
