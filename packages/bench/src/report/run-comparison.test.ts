import { describe, expect, it } from 'vitest';
import { changedClasses, confusionsOf, wrongAnswers } from './run-comparison.js';

/** 2 cats, one of them taken for a dog; 3 dogs, two of them for a cow; no cow. */
const now = {
  classes: [
    { name: 'cat', images: 2, correct: 1, accuracy: 0.5 },
    { name: 'dog', images: 3, correct: 1, accuracy: 1 / 3 },
    { name: 'cow', images: 0, correct: 0, accuracy: 0 },
  ],
  confusion: [
    [1, 1, 0],
    [0, 1, 2],
    [0, 0, 0],
  ],
};

describe('a run beside the backbone alone', () => {
  it('has classes that gained and lost, the largest change first, without those that have no images', () => {
    const before = [0, 1, 1].map((accuracy, c) => ({ ...now.classes[c]!, accuracy }));
    expect(changedClasses({ classes: before }, now)).toEqual({
      gained: [{ name: 'cat', images: 2, before: 0, now: 0.5 }],
      lost: [{ name: 'dog', images: 3, before: 1, now: 1 / 3 }],
    });
    const more = (...accuracies: number[]) => ({
      classes: accuracies.map((accuracy, c) => ({ name: String(c), images: 1, correct: 0, accuracy })),
    });
    const { gained, lost } = changedClasses(more(0.1, 0.5, 0.9, 0.8), more(0.2, 0.9, 0.1, 0.7));
    expect(gained.map(({ name }) => name)).toEqual(['1', '0']);
    expect(lost.map(({ name }) => name)).toEqual(['2', '3']);
  });

  it('mixes classes up, the most frequent pair first', () => {
    expect(confusionsOf(now)).toEqual([
      { actual: 'dog', predicted: 'cow', count: 2, of: 3 },
      { actual: 'cat', predicted: 'dog', count: 1, of: 2 },
    ]);
  });

  it('gets images wrong, the surest first', () => {
    const answers = { images: ['a', 'b', 'c'], labels: [0, 1, 1], predicted: [1, 1, 2], confidence: [0.4, 0.9, 0.8] };
    expect(wrongAnswers(['cat', 'dog', 'cow'], answers)).toEqual([
      { image: 'c', actual: 'dog', predicted: 'cow', confidence: 0.8 },
      { image: 'a', actual: 'cat', predicted: 'dog', confidence: 0.4 },
    ]);
  });
});
