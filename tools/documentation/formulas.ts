import katex from 'katex';
import { piecesOf } from './pages.js';

/** Commands of TeX whose braces hold words. */
const WORDS = /\\(?:mathrm|text|operatorname)\{[^{}]*\}/g;

/** What is wrong with the formulas of a page; `undefined` where nothing is. */
export function faultsOfFormulas(text: string): string[] {
  return piecesOf(text).flatMap((piece) => {
    if (piece.type === 'code') return piece.lang === 'math' ? faultsOf(piece.text as string) : [];
    const isText = /^(html|text|escape)$/.test(piece.type) && !('tokens' in piece && piece.tokens);
    return isText && piece.raw.includes('$')
      ? [`A $ in a sentence: ${piece.raw.trim()}. Formulas stand in blocks (\`\`\`math), for npm renders no $…$.`]
      : [];
  });
}

/** What is wrong with one formula: what KaTeX refuses, and what it renders though a backslash is lost. */
export function faultsOf(formula: string): string[] {
  const faults: string[] = [];
  if (formula.includes('$')) faults.push('a $');
  try {
    katex.renderToString(formula, { displayMode: true, throwOnError: true, strict: 'error' });
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  const symbols = formula.replace(WORDS, '{}');
  const [word] = /(?<![\\a-z])[a-z]{2,}/i.exec(symbols) ?? [];
  if (word !== undefined) faults.push(`${word} without a backslash or \\mathrm`);
  const [spacing] = /[[({],|,_|\}!(?=[\\({[])|(?<!\\)![([{]/.exec(symbols) ?? [];
  if (spacing !== undefined) faults.push(`${spacing} without its backslash`);
  return faults.map((fault) => `${fault} in the formula:\n${formula}`);
}

/** The formulas of a page. */
export function formulasOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) =>
    piece.type === 'code' && piece.lang === 'math' ? [piece.text as string] : [],
  );
}
