/** Widths of letters in parts of the font's size: those of DejaVu Sans, which are wide for a font without serifs. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\uff60\u{1f000}-\u{3fffd}]/u, 1.05],
  [/[mwMW@%—]/, 0.92],
  [/[iljtfrI.,:;'|!()[\] ·-]/, 0.4],
  [/[A-Z0-9_+=±→−–]/, 0.68],
];
const OTHERS = 0.62;
/** Fonts of papers are narrower. */
const SERIF = 0.84;

/** About how wide a text is, where nothing can measure it: room enough, and not half of a picture. */
export function textWidth(text: string, size: number, font = ''): number {
  const sum = [...text].reduce((total, letter) => total + (WIDTHS.find(([of]) => of.test(letter))?.[1] ?? OTHERS), 0);
  return sum * size * (/(^|,)\s*(Tinos|serif)/.test(font) ? SERIF : 1);
}
