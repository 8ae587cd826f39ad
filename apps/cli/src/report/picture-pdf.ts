import { buffer } from 'node:stream/consumers';
import type { PaperPicture } from '@promptweave/bench';
import { create, type Font } from 'fontkit';
import { readFileSync } from 'node:fs';
import PDFDocument from 'pdfkit';
import svgToPdf from 'svg-to-pdfkit';
import { paperFonts } from './paper-fonts.js';

/** Files are the same each time. */
const DATE = new Date(0);

/** A picture as a PDF file of one page, as large as the picture, with lines as lines, and text as text in a font that the file holds. */
export async function pdfOf({ title, svg, width, height }: PaperPicture): Promise<Buffer> {
  const info = { Title: title, CreationDate: DATE, Producer: 'promptweave', Creator: 'promptweave' };
  const document = new PDFDocument({ size: [width, height], margin: 0, info });
  for (const [style, file] of Object.entries(paperFonts())) document.registerFont(style, file);
  const whole = buffer(document);
  svgToPdf(document, svg, 0, 0, {
    ...{ width, height, assumePt: true, preserveAspectRatio: 'xMinYMin meet' },
    fontCallback: (_family, bold, italic) => (bold ? (italic ? 'boldItalic' : 'bold') : italic ? 'italic' : 'regular'),
  });
  document.end();
  return whole;
}

let font: Font | undefined;

/** Letters of a picture's texts that the font has not. */
export function missingLetters(svg: string): string[] {
  const known = (font ??= create(readFileSync(paperFonts().regular)) as Font);
  const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]*)</g)].map(([, text]) => text!);
  const letters = new Set(texts.join('').replaceAll(/&(?:#\d+|\w+);/g, ''));
  return [...letters].filter((letter) => !known.hasGlyphForCodePoint(letter.codePointAt(0)!));
}
