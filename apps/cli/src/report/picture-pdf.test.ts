import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requirePaperPackages } from './paper-packages.js';
import { missingLetters, pdfOf } from './picture-pdf.js';
import { paperPng } from './picture-png.js';

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="84.67mm" height="35.28mm" viewBox="0 0 240 100">' +
  '<rect width="240" height="100" fill="#ffffff"/><path d="M10,10h100v50h-100Z" fill="#4c78a8" fill-opacity="0.5"/>' +
  '<text x="20" y="80" font-family="Tinos, serif" font-size="8px">71.2 ± 0.4 → é</text></svg>';
const picture = { name: 'p', title: 'Accuracy <of> ± all', svg, width: 240, height: 100 };

it('is one page of the size of the picture, with lines as lines and a font of its own, the same each time', async () => {
  const pdf = await pdfOf(picture);
  const text = pdf.toString('latin1');
  expect(text).toMatch(/^%PDF-1\./);
  expect(text).toContain('/MediaBox [0 0 240 100]');
  expect(text.match(/\/Type \/Page\b/g)).toHaveLength(1);
  expect(text).toMatch(/\/BaseFont \/[A-Z+]*Tinos/);
  expect(text).toContain('/FontFile2');
  expect(text).not.toContain('/Subtype /Image');
  expect(Buffer.compare(await pdfOf(picture), pdf)).toBe(0);
});

it('knows which letters its font has not', () => {
  expect(missingLetters(svg)).toEqual([]);
  expect(missingLetters(svg.replace('é', '花 &amp; 猫'))).toEqual(['花', '猫']);
});

it('is 600 dots an inch as PNG', () => {
  const png = paperPng(picture);
  expect(png.readUInt32BE(16)).toBe(2000);
  expect(Math.abs(png.readUInt32BE(20) - 833)).toBeLessThanOrEqual(1);
});

it('says what to install where its packages are not there', () => {
  expect(() => requirePaperPackages()).not.toThrow();
  expect(() => requirePaperPackages(join(tmpdir(), 'elsewhere.js'))).toThrow(
    'Figures need pdfkit, fontkit, svg-to-pdfkit, @expo-google-fonts/tinos, which are not installed.',
  );
});
