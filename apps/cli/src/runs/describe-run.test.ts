import type { ProtocolResult } from '@promptweave/bench';
import { expect, it } from 'vitest';
import { describeRun } from './describe-run.js';

/** A run with these accuracies. */
function result(accuracies: Record<string, number>): ProtocolResult['result'] {
  const evaluations = Object.fromEntries(
    Object.entries(accuracies).map(([name, accuracy]) => [name, { accuracy, macroF1: accuracy, images: 10 }]),
  );
  return { parameters: 512, training: { step: 3, seconds: 1.5 }, evaluations } as unknown as ProtocolResult['result'];
}

it('tells each figure once, costs in their units', () => {
  const costs = {
    accuracy: 0.5,
    step: { value: 12.34, unit: 'ms' },
    'peak memory': { value: 1234.4, unit: 'MiB' },
  };
  expect(describeRun('runs/x', { result: result({ test: 0.5 }), summary: costs }).split('\n')).toEqual([
    'test: accuracy 50.0 %, macro F1 50.0 % (10 images)',
    'step (ms) 12.3, peak memory (MiB) 1234',
    '512 learned parameters, 3 steps in 1.5 s.',
    'Written to runs/x. Try it: npx promptweave predict IMAGE --run runs/x',
  ]);
  const plain = describeRun('my run', { result: result({ test: 0.5 }), summary: { accuracy: 0.5, macroF1: 0.5 } });
  expect(plain.split('\n')).toHaveLength(3);
  expect(plain).toContain("--run 'my run'");
  const warned = { ...result({ test: 0.5 }), warnings: ['The warm-up is shortened.'] };
  expect(describeRun('x', { result: warned, summary: {} })).toContain('\nNote: The warm-up is shortened.\n');
  const two = { base: 0.5, novel: 0.3, HM: 0.375 };
  expect(describeRun('x', { result: result({ base: 0.5, novel: 0.3 }), summary: two })).toContain(
    '\nbase 50.0 %, novel 30.0 %, HM 37.5 %\n',
  );
});
