import type { TemplateTokens } from '../contracts/prompts.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { ConfigError } from '../errors.js';

/** Where the class name stands in a template. */
const PLACEHOLDER = '{}';

/**
 * Token ids before and after the class name of a hand-crafted template. Both sides are tokenised without the name, so the
 * placeholder should be set off by spaces or punctuation, as in all published templates.
 *
 * @example templateTokens(tokenizer, 'a photo of a {}.') // before: a, photo, of, a; after: the full stop
 * @throws ConfigError where the template does not have exactly one `{}`.
 */
export function templateTokens(tokenizer: Tokenizer, template: string): TemplateTokens {
  const sides = template.split(PLACEHOLDER);
  if (sides.length !== 2) {
    const count = sides.length === 1 ? 'no' : `${sides.length - 1}`;
    throw new ConfigError(
      `The template "${template}" has ${count} {} where the class name goes; it needs exactly one.`,
      {
        where: 'template',
        remedy: 'Write a template such as "a photo of a {}.".',
      },
    );
  }
  return { before: tokenizer.encode(sides[0]!.trimEnd()), after: afterWord(tokenizer, sides[1]!) };
}

/** Short words whose tokens are hardly ever one with what follows them. */
const WORDS = ['x', 'a', 'e'];

/** Ids of what stands after a word: a tokenizer that marks the beginning of words does not mark a full stop there. */
function afterWord(tokenizer: Tokenizer, text: string): number[] {
  if (text === '' || text.startsWith(' ')) return tokenizer.encode(text);
  for (const word of WORDS) {
    const ids = tokenizer.encode(word);
    const whole = tokenizer.encode(word + text);
    if (ids.length > 0 && ids.every((id, i) => id === whole[i])) return whole.slice(ids.length);
  }
  return tokenizer.encode(text);
}

/**
 * Token ids of every class name, as they are after another word; an underscore in a name stands for a space.
 * @param maxTokens names are cut after so many tokens
 * @throws ConfigError where a name has no token at all, or where two are the same only because they were cut.
 */
export function nameTokens(tokenizer: Tokenizer, classNames: readonly string[], maxTokens?: number): number[][] {
  const whole = classNames.map((name, index) => {
    const ids = tokenizer.encode(` ${name.replaceAll('_', ' ').trim()}`);
    if (ids.length > 0) return ids;
    throw new ConfigError(`The name "${name}" of class ${index} has no tokens.`, {
      where: `class ${index}`,
      remedy: 'Give every class a name of at least one letter or digit.',
    });
  });
  if (maxTokens === undefined) return whole;
  const cut = whole.map((ids) => ids.slice(0, maxTokens));
  requireStillDifferent(classNames, whole, cut);
  return cut;
}

/** @throws ConfigError where two names are the same only because they were cut */
function requireStillDifferent(
  classNames: readonly string[],
  whole: readonly (readonly number[])[],
  cut: readonly (readonly number[])[],
): void {
  const seen = new Map<string, number>();
  cut.forEach((ids, index) => {
    const key = ids.join(' ');
    const twin = seen.get(key);
    seen.set(key, index);
    if (twin === undefined || whole[twin]!.join(' ') === whole[index]!.join(' ')) return;
    throw new ConfigError(
      `The names "${classNames[twin]}" and "${classNames[index]}" are the same after ${ids.length} tokens.`,
      { where: 'labels.maxTokens', remedy: 'Raise labels.maxTokens, or give the classes other names.' },
    );
  });
}
