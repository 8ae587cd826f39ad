import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweepOutput } from './sweep-output.js';

it.each([
  ['the name of the file', {}, [], join('runs', 'grid')],
  ['what the file says', { output: 'runs/a' }, ['train.batch=8'], 'runs/a'],
  ['the command line before the file', { output: 'runs/a' }, ['output=runs/b'], 'runs/b'],
  ['the last of the command line', {}, ['output=runs/b', 'output=runs/c'], 'runs/c'],
])('the folder is %s', (_, value, overrides, expected) => {
  expect(sweepOutput('some/grid.yaml', value, overrides)).toBe(expected);
});
