import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '../contracts/backbone.js';
import type {
  InsertedRows,
  LabelEmbeddings,
  PromptedText,
  TemplateTokens,
  TextContext,
  TokenRoles,
} from '../contracts/prompts.js';
import { ConfigError } from '../errors.js';
import { differentiableProgram } from './program.js';

/** What a prompt is put together from. */
export interface TextParts {
  readonly template: TemplateTokens;
  /** Shared or per-class context; a caller with per-image context passes one image's, as shared. */
  readonly context?: TextContext;
  /** Rows that enter the tower at a later block. */
  readonly inserted?: InsertedRows;
  readonly labels: LabelEmbeddings;
  /** Names of the classes, for errors. */
  readonly classNames: readonly string[];
}

/**
 * Puts start token, context, template words, class names and end of text together:
 * [start][context 1…n][words n+1…][name][after][end] where the name stands at the end, with the name between the two
 * halves of the context for `middle`, before the context for `front`; without [start] where the tokenizer has none.
 *
 * The caller owns the tensors of the result.
 * @throws ConfigError where a prompt is longer than the backbone's context length, or the context belongs to other classes.
 */
export function assembleText(
  backbone: Backbone,
  { template, context, inserted, labels, classNames }: TextParts,
): PromptedText {
  const { startId, endId } = backbone.tokenizer;
  const start = startId === undefined ? [] : [startId];
  const at = start.length; // of the context
  const { reads, contextLength } = backbone.shape.text;
  const n = context ? context.vectors.shape[context.vectors.rank - 2]! : 0;
  const words = template.before.slice(n);
  const fixedIds = [...start, ...words, ...template.after, endId];
  const classes = labels.lengths.length;
  if (context?.scope === 'class' && context.vectors.shape[0] !== classes) {
    throw new ConfigError(
      `The context was learned for ${context.vectors.shape[0]} single classes, but there are ${classes}.`,
      { where: 'prompt', remedy: 'Take a prompt learner with shared context to change the classes.' },
    );
  }
  requireRoom(backbone, { template, n, lengths: labels.lengths, classNames });
  const nameRows = labels.names.shape[0];

  // Row numbers in the matrix of all sources: fixed tokens, names, context, replacements after the context.
  const firstName = fixedIds.length;
  const firstContext = firstName + nameRows;
  const contextRows = context ? (context.scope === 'class' ? classes * n : n) : 0;
  const firstReplacement = firstContext + contextRows;
  const [replacedClasses, replaced] = labels.afterContext?.shape ?? [0, 0];

  const startRows = range(0, at);
  const wordRows = range(at, words.length);
  const afterRows = range(at + words.length, template.after.length);
  const endRow = fixedIds.length - 1;
  const half = context?.namePosition === 'middle' ? Math.floor(n / 2) : context?.namePosition === 'front' ? 0 : n;

  const shared = context?.scope !== 'class';
  const prefixLength = at + (shared ? half : 0) + (shared && !replaced ? words.length : 0);
  const prefixRows: number[] = [];
  const branchRows: number[] = [];
  const lengths: number[] = [];
  const roles: TokenRoles[] = [];
  let nextName = firstName;
  for (let c = 0; c < classes; c++) {
    const contextOfClass = range(firstContext + (shared ? 0 : c * n), n);
    const name = range(nextName, labels.lengths[c]!);
    nextName += name.length;
    const beforeName = [...startRows, ...contextOfClass.slice(0, half), ...wordRows];
    const rows = [...beforeName, ...name, ...contextOfClass.slice(half), ...afterRows, endRow];
    if (c < replacedClasses) for (let m = 0; m < replaced; m++) rows[at + n + m] = firstReplacement + c * replaced + m;
    if (c === 0) prefixRows.push(...rows.slice(0, prefixLength));
    branchRows.push(...rows.slice(prefixLength));
    lengths.push(rows.length - prefixLength);
    roles.push({
      name: name.map((_, i) => beforeName.length + i),
      stop: template.after.length > 0 ? rows.length - 2 : undefined,
      end: reads === 'last' ? contextLength - 1 : rows.length - 1,
    });
  }

  const tensors = tf.tidy(() => {
    const { names, afterContext } = labels;
    const width = names.shape[1];
    const sources = { names, ...(context && { context: context.vectors }), ...(afterContext && { afterContext }) };
    const [branches, ...prefix] = differentiableProgram(
      `text of rows ${prefixRows}; ${branchRows}`,
      sources,
      ({ fixed, ...given }) => {
        const all = tf.concat(
          [fixed!, ...Object.values(given).map((rows) => (rows.rank === 2 ? rows : tf.reshape(rows, [-1, width])))],
          0,
        );
        return [branchRows, prefixRows]
          .filter(({ length }) => length > 0)
          .map((rows) => tf.gather(all as tf.Tensor2D, tf.tensor1d(rows, 'int32')));
      },
      { fixed: backbone.embedTokens(fixedIds) },
    );
    return {
      prefix: prefix[0] ?? tf.zeros<tf.Rank.R2>([0, width]), // [P, T]
      branches: branches!, // [Σ lengths, T]
      deep: context ? context.deep.map((prompt) => tf.clone(prompt)) : [],
      ...(context?.ofClasses && { ofClasses: { ...context.ofClasses, rows: tf.clone(context.ofClasses.rows) } }),
      ...(inserted && { inserted: { ...inserted, rows: inserted.rows.map((rows) => tf.clone(rows)) } }),
    };
  });
  return { ...tensors, lengths, roles };
}

/** What the length of prompts follows from. */
export interface PromptLengths {
  readonly template: TemplateTokens;
  /** Context vectors, which take the place of the first words. */
  readonly n: number;
  /** Tokens of the names, of the classes once or several times. */
  readonly lengths: readonly number[];
  readonly classNames: readonly string[];
}

/** @throws ConfigError where the prompt of a class is longer than the backbone's context length; it names the longest */
export function requireRoom(
  { shape, tokenizer }: Pick<Backbone, 'shape' | 'tokenizer'>,
  { template, n, lengths, classNames }: PromptLengths,
): void {
  const { contextLength } = shape.text;
  const around =
    (tokenizer.startId === undefined ? 1 : 2) + Math.max(n, template.before.length) + template.after.length;
  const tooLong = new Set<number>();
  let longest = 0;
  lengths.forEach((length, c) => {
    if (around + length > contextLength) tooLong.add(c % classNames.length);
    if (length > lengths[longest]!) longest = c;
  });
  if (tooLong.size === 0) return;
  const total = around + lengths[longest]!;
  const others = tooLong.size > 1 ? `; ${tooLong.size} of ${classNames.length} classes have too many` : '';
  const shorter = n - (total - contextLength);
  const place = longest % classNames.length;
  throw new ConfigError(
    `The prompt of "${classNames[place]}" has ${total} tokens, but the text tower takes ${contextLength}${others}.`,
    {
      where: `class ${place}`,
      remedy: 'Shorten the class name, the template or the context, or cut all names with labels.maxTokens.',
      ...(shorter >= template.before.length && shorter > 0 && { change: `prompt.contextLength=${shorter}` }),
    },
  );
}

/** The labels of both, one after the other; where `a` has replacements after the context, `b`'s classes have none. */
export function concatLabels(a: LabelEmbeddings, b: LabelEmbeddings): LabelEmbeddings {
  return {
    names: tf.concat([a.names, b.names], 0),
    lengths: [...a.lengths, ...b.lengths],
    afterContext: a.afterContext,
  };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
