import { CheckpointError, type HostTensor, type Tokenizer } from '@promptweave/core';
import type { FixtureRun } from './fixture-set.js';

/** No id of any vocabulary: a word that a recorded run does not have. */
const WORD = -1;

/**
 * The few texts of a recorded run with the token ids that the run used; a set has no vocabulary. Class names, the words before them, the full
 * stop, and the hand-crafted templates, both sides of them and whole sentences, are known, nothing else.
 */
export function fixtureTokenizer(run: FixtureRun): Tokenizer {
  const { class_names, token_ids, name_token_lengths, hyper, frozen_template, templates = [] } = run.description;
  const known = new Map<string, readonly number[]>([['', []]]);
  const names = class_names.map((name) => name.replaceAll('_', ' '));
  const row = token_ids[0]!;
  const [start, end] = [row[0]!, row.at(-1)!];
  names.forEach((name, c) => {
    const ids = token_ids[c]!;
    known.set(name, ids.slice(ids.length - 2 - name_token_lengths[c]!, ids.length - 2));
  });
  known.set('.', [row.at(-2)!]);

  const learn = (template: string, rows: readonly (readonly number[])[]): void => {
    const [before, after] = template.split('{}') as [string, string];
    rows.forEach((ids, c) => {
      for (const name of new Set([class_names[c]!, names[c]!])) known.set(template.replace('{}', name), ids);
    });
    const prompt = rows[0]!;
    const name = known.get(names[0]!)!;
    const at = prompt.findIndex((_, i) => name.every((id, j) => prompt[i + j] === id));
    known.set(before.trim(), prompt.slice(0, at));
    known.set(after.trim(), prompt.slice(at + name.length));
  };
  const rowsOf = (tensor: HostTensor): number[][] => {
    const [values, length] = [[...tensor.data()], tensor.shape.at(-1)!];
    return Array.from({ length: values.length / length }, (_, r) => values.slice(r * length, (r + 1) * length)).map(
      (ids) => ids.slice(1, ids.indexOf(end)),
    );
  };
  const ofTemplates = run.inputs.get('template_token_ids');
  const sentences = ofTemplates ? rowsOf(ofTemplates) : [];
  templates.forEach((template, t) => learn(template, sentences.slice(t * names.length, (t + 1) * names.length)));
  const frozen = run.inputs.get('frozen_token_ids');
  const plain = hyper.n_ctx === 0 && token_ids.map((ids) => ids.slice(1, -1));
  if (frozen_template && frozen) learn(frozen_template, rowsOf(frozen));
  else if (frozen_template && plain) learn(frozen_template, plain);
  // The words come last: a run may have placeholders before them.
  const words = hyper.ctx_init;
  if (typeof words === 'string' && words !== '' && !known.has(words.replaceAll('_', ' '))) {
    known.set(words.replaceAll('_', ' '), row.slice(1, row.length - 2 - name_token_lengths[0]!));
  }
  return {
    startId: start,
    endId: end,
    encode(text) {
      const ids = known.get(text.trim());
      if (ids) return [...ids];
      // What follows a name in a template is asked for behind a word, which the recorded run need not have.
      const following = /^x(?!\w)(.*)$/.exec(text)?.[1];
      if (following === '') return [WORD];
      const rest = following === undefined ? undefined : known.get(following.trim());
      if (rest) return [WORD, ...rest];
      throw new CheckpointError(`The recorded run has no token ids for "${text}".`, {
        where: run.folder,
        remedy: 'A recorded run can be repeated only with its own class names and templates.',
      });
    },
    decode: (ids) => ids.join(' '),
  };
}
