import type { Answer, Score } from '../library/answers.js';

/** What is told of one image. */
export type AnswerLine = { readonly image: string } & (
  | { readonly answers: readonly Answer[] }
  /** Why it cannot be read. */
  | { readonly error: string }
);

/** Forms of the output. */
export type AnswerFormat = 'text' | 'json' | 'jsonl' | 'csv';

/** Writes a line for each image as it is known. */
export interface AnswerWriter {
  /** What comes before the first image. */
  readonly head: string;
  line(line: AnswerLine, isFirst: boolean): string;
  /** What comes after the last one. */
  readonly tail: string;
}

/** What is said where nothing reaches the threshold. */
export const NONE = 'none of these';

/** @param top classes of each image @param score that is shown beside them */
export function answerWriter(format: AnswerFormat, { top, score }: { top: number; score: Score }): AnswerWriter {
  if (format === 'text') return { head: '', tail: '', line: (line) => `${textLine(line, score)}\n` };
  const json = (line: AnswerLine): string => JSON.stringify('answers' in line ? withNone(line, score) : line);
  if (format === 'jsonl') return { head: '', tail: '', line: (line) => `${json(line)}\n` };
  if (format === 'json')
    return { head: '[', tail: ']\n', line: (line, isFirst) => (isFirst ? '' : ',\n') + json(line) };
  const names = Array.from({ length: top }, (_, i) => (i === 0 ? '' : `_${i + 1}`));
  const head = ['image', ...names.flatMap((after) => [`label${after}`, `${score}${after}`]), 'error'];
  return { head: `${csvRow(head)}\n`, tail: '', line: (line) => `${csvRow(cells(line, top, score))}\n` };
}

function textLine(line: AnswerLine, score: Score): string {
  const image = oneLine(line.image);
  if ('error' in line) return `${image}: cannot be read: ${oneLine(line.error)}`;
  if (line.answers.length === 0) return `${image}: ${NONE}`;
  return `${image}: ${line.answers.map((answer) => `${answer.label} ${shown(answer, score)}`).join(', ')}`;
}

/** A text that may hold a name with line breaks, or with what moves a terminal's cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function shown(answer: Answer, score: Score): string {
  return score === 'probability' ? `${(100 * answer.probability).toFixed(1)} %` : answer[score]!.toFixed(4);
}

/** The label and the score that was asked for, and that nothing was reached where that is so. */
function withNone({ image, answers }: { image: string; answers: readonly Answer[] }, score: Score): object {
  const told = answers.map((answer) => ({ label: answer.label, [score]: answer[score] }));
  return { image, answers: told, ...(answers.length === 0 && { none: true }) };
}

function cells(line: AnswerLine, top: number, score: Score): string[] {
  const { image } = line;
  const answers = 'answers' in line ? line.answers : [];
  const first = 'answers' in line && answers.length === 0 ? [NONE, ''] : undefined;
  const told = first ?? answers.flatMap((answer) => [answer.label, String(answer[score])]);
  return [image, ...told, ...Array<string>(2 * top - told.length).fill(''), 'error' in line ? line.error : ''];
}

/** Cells as RFC 4180 writes them. */
export function csvRow(row: readonly string[]): string {
  return row.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}
