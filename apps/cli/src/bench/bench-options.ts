import { InvalidArgumentError, Option } from 'commander';
import { oneOf } from '../terminal/one-of.js';

/** Parses names with commas between them. */
export function words(list: string): string[] {
  const found = list.split(',').filter(Boolean);
  if (found.length === 0) throw new InvalidArgumentError('Expected names with commas between them.');
  return found;
}

/** Parses whole numbers from 1 with commas between them. */
export function numbers(list: string): number[] {
  return words(list).map((word) => {
    if (!/^[1-9]\d*$/.test(word)) throw new InvalidArgumentError('Expected whole numbers with commas between them.');
    return Number(word);
  });
}

/** `--format` of a paper's table. */
export function formatOption(): Option {
  return new Option('--format <name>', 'table, markdown, latex, csv or json')
    .argParser(oneOf('table', 'markdown', 'latex', 'csv', 'json'))
    .default('table');
}
