import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConfigError, type Dataset } from '@promptweave/core';
import type { SetPredictions } from '@promptweave/core/experiment';
import { csvRow } from '../predict/answer-lines.js';

const COLUMNS = ['image', 'label', 'predicted', 'probability', 'correct'] as const;

/** @throws ConfigError where a file's name does not say its form */
export function requireAnswersFile(file: string): void {
  if (['.csv', '.jsonl'].includes(extname(file).toLowerCase())) return;
  throw new ConfigError(`Answers are written as .csv or .jsonl, not as "${file}".`, {
    where: '--out',
    remedy: 'Name such a file, e.g. answers.csv.',
  });
}

/** Writes the answer for each image of an evaluation: a row, or a line of JSON. */
export async function writeAnswers(
  file: string,
  { classNames }: Pick<Dataset, 'classNames'>,
  { images, labels, predicted, confidence }: SetPredictions,
): Promise<void> {
  const rows = images.map((image, i) => {
    const [label, answer] = [classNames[labels[i]!]!, classNames[predicted[i]!]!];
    return { image, label, predicted: answer, probability: confidence[i]!, correct: labels[i] === predicted[i] };
  });
  const isCsv = extname(file).toLowerCase() === '.csv';
  const lines = isCsv
    ? [csvRow(COLUMNS), ...rows.map((row) => csvRow(COLUMNS.map((column) => String(row[column]))))]
    : rows.map((row) => JSON.stringify(row));
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
}
