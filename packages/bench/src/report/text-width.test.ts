import { expect, it } from 'vitest';
import { textWidth } from './text-width.js';

it('is near to what DejaVu Sans and Tinos need', () => {
  // Advance widths of the fonts' own tables, in units of the size.
  expect(textWidth('Tip-Adapter-F', 1)).toBeGreaterThan(6.9);
  expect(textWidth('Tip-Adapter-F', 1)).toBeLessThan(8.5);
  expect(textWidth('oxford_flowers', 10)).toBeGreaterThan(79);
  expect(textWidth('oxford_flowers', 10)).toBeLessThan(95);
  expect(textWidth('oxford_flowers', 10, 'Tinos, "Times New Roman", serif')).toBeGreaterThan(61);
  expect(textWidth('oxford_flowers', 10, 'Tinos, "Times New Roman", serif')).toBeLessThan(80);
  expect(textWidth('花', 10)).toBeGreaterThan(10);
  expect(textWidth('', 10)).toBe(0);
});
