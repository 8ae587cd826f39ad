import { CheckpointError, type Tokenizer } from '@promptweave/core';
import type { FixtureRun } from './fixture-set.js';

/**
 * The few texts of a recorded run with the token ids that the run used; a set has no vocabulary. Class names, the words
 * before them, the full stop, and the two sides of the frozen template are known, nothing else.
 */
export function fixtureTokenizer(run: FixtureRun): Tokenizer {
  const { class_names, token_ids, name_token_lengths, hyper, frozen_template } = run.description;
  const known = new Map<string, number[]>([['', []]]);
  const row = token_ids[0]!;
  class_names.forEach((name, c) => {
    const ids = token_ids[c]!;
    known.set(name.replaceAll('_', ' '), ids.slice(ids.length - 2 - name_token_lengths[c]!, ids.length - 2));
  });
  known.set('.', [row.at(-2)!]);
  if (typeof hyper.ctx_init === 'string' && hyper.ctx_init !== '') {
    known.set(hyper.ctx_init.replaceAll('_', ' '), row.slice(1, row.length - 2 - name_token_lengths[0]!));
  }
  const frozen = run.inputs.get('frozen_token_ids');
  if (frozen_template && frozen) {
    const [before, after] = frozen_template.split('{}') as [string, string];
    const end = row.at(-1)!;
    const ids = [...frozen.data()].slice(0, frozen.shape[1]);
    const prompt = ids.slice(1, ids.indexOf(end));
    const name = known.get(class_names[0]!.replaceAll('_', ' '))!;
    const at = prompt.findIndex((_, i) => name.every((id, j) => prompt[i + j] === id));
    known.set(before.trim(), prompt.slice(0, at));
    known.set(after.trim(), prompt.slice(at + name.length));
  }
  return {
    startId: row[0]!,
    endId: row.at(-1)!,
    encode(text) {
      const ids = known.get(text.trim());
      if (ids) return [...ids];
      throw new CheckpointError(`The recorded run has no token ids for "${text}".`, {
        where: run.folder,
        remedy: 'A recorded run can be repeated only with its own class names and templates.',
      });
    },
    decode: (ids) => ids.join(' '),
  };
}
