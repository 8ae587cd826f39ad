import { expect, it } from 'vitest';
import { draw } from './draw.js';
import { paperPicture, paperWidths } from './paper-style.js';
import { confusionMatrix, learningCurves } from './pictures.js';

const millimetres = (points: number): number => (points * 25.4) / 72;
const fontSizes = (svg: string): number[] =>
  [...svg.matchAll(/font-size="([\d.]+)px"/g)].map(([, size]) => Number(size));
const bars = (names: readonly string[]) =>
  draw('bars', 'Bars', {
    data: { values: names.map((name, i) => ({ name, value: 10 * i })) },
    width: 640,
    height: { step: 13 },
    mark: 'bar',
    encoding: { y: { field: 'name', type: 'nominal' }, x: { field: 'value', type: 'quantitative' } },
  });

it('is as wide as a column, in the type of print, black on white', async () => {
  const { svg, width } = await paperPicture(await bars(['CoOp', 'MaPLe', 'COMMA']));
  expect(millimetres(width)).toBeGreaterThan(paperWidths.column - 2);
  expect(millimetres(width)).toBeLessThanOrEqual(paperWidths.column + 0.5);
  expect(svg).toMatch(/^<svg[^>]* width="8[2-4]\.\d\dmm" height="[\d.]+mm"/);
  expect(Math.min(...fontSizes(svg))).toBeGreaterThanOrEqual(6);
  expect(Math.max(...fontSizes(svg))).toBeLessThanOrEqual(8);
  expect(svg).toContain('Tinos');
  expect(svg).not.toContain('currentColor');
});

it('takes both columns where labels leave too little of one, and sets panels below each other where that does', async () => {
  const wide = await paperPicture(await bars(['a name of a method that is as long as a line of a paper', 'b']));
  expect(millimetres(wide.width)).toBeGreaterThan(paperWidths.column + 2);
  expect(millimetres(wide.width)).toBeLessThanOrEqual(paperWidths.page + 1);
  const points = ['CoOp', 'MaPLe'].flatMap((row) =>
    [0.1, 0.5, 1].map((progress) => ({ row, progress, loss: 1 - progress / 2, accuracy: progress })),
  );
  const curves = await paperPicture((await learningCurves(points))!);
  expect(millimetres(curves.width)).toBeLessThanOrEqual(paperWidths.column + 0.5);
});

it('draws a matrix with square cells', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `class ${i}`);
  const confusion = names.map((_, i) => names.map((_name, j) => (i === j ? 5 : i === j + 1 ? 1 : 0)));
  const { svg, width } = await paperPicture(await confusionMatrix('m', names, confusion));
  expect(millimetres(width)).toBeLessThanOrEqual(paperWidths.page + 1);
  const [, cellWidth, cellHeight] = /aria-label="class 0: 5 of 5[^"]*"[^>]*d="M0,0h([\d.]+)v([\d.]+)/.exec(svg) ?? [];
  expect(Number(cellWidth)).toBeCloseTo(Number(cellHeight), 1);
});
