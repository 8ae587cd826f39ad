import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { contentFile } from '../config/content-file.js';
import { nearestName } from '../config/nearest-name.js';
import { parsePlainYaml } from '../config/plain-yaml.js';
import type { PartContext } from '../contracts/parts.js';
import { ConfigError } from '../errors.js';
import { SERVICES } from '../plugin/services.js';
import { normalise } from './maths.js';
import { fillTemplate, templateText } from './template-text.js';

const sentences = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const descriptions = z.record(z.string(), sentences);

/** How the features of several sentences become one: their mean before normalisation, or the mean of their directions. */
export type TextAverage = 'raw' | 'directions';

/**
 * Options of a head by which the text of a class comes from sentences, put into its own `z.strictObject`, which is then given to
 * {@link oneTextBase}.
 *
 * @example oneTextBase(z.strictObject({ alpha: z.number().default(0.5).describe('…'), ...textBaseOptions('raw') }))
 */
export function textBaseOptions(average: TextAverage) {
  return {
    templates: z
      .array(templateText)
      .min(1)
      .optional()
      .describe('Hand-crafted templates whose text features are averaged and take the place of those of the prompt.'),
    descriptions: descriptionsOption('their text features are averaged and take the place of those of the prompt.'),
    average: z
      .enum(['raw', 'directions'])
      .optional()
      .describe(
        `How the features of templates or descriptions are averaged: before their normalisation, or after it. Default: ${average}.`,
      ),
    keepUnderscores: z
      .boolean()
      .optional()
      .describe(
        "Keep the underscores of class names in the templates, as some authors' code does, instead of turning them into spaces.",
      ),
  };
}

/** An option for sentences about each class, see {@link TextBase}. @param use what is made of them, as the end of a sentence */
export function descriptionsOption(use: string) {
  return z
    .union([contentFile(), descriptions])
    .optional()
    .describe(`Sentences about each class, { name: [sentences] }, or a YAML or JSON file of that form; ${use}`);
}

/** Templates and descriptions exclude each other. */
export function oneTextBase<S extends z.ZodObject<ReturnType<typeof textBaseOptions>>>(schema: S): S {
  return schema.refine(({ templates, descriptions }) => !(templates && descriptions), {
    error: 'templates and descriptions exclude each other',
    path: ['descriptions'],
  });
}

/** What {@link textBaseOptions} gives. */
export interface TextBaseChoice {
  /** Sentences with one `{}` for the name; not beside `descriptions`. */
  readonly templates?: readonly string[];
  /** Sentences by class name, or the path of a YAML or JSON file of these. */
  readonly descriptions?: string | Readonly<Record<string, string | readonly string[]>>;
  /** How several sentences of a class become one feature. Default: the head's own choice. */
  readonly average?: TextAverage;
  /** Underscores of names stay in the templates. Default: they become spaces. */
  readonly keepUnderscores?: boolean;
}

/** Whether the text comes from the options, and not from the prompt. */
export function hasTextBase({ templates, descriptions }: Pick<TextBaseChoice, 'templates' | 'descriptions'>): boolean {
  return (templates ?? descriptions) !== undefined;
}

/** Text features of classes from sentences that somebody wrote, by the frozen text tower. */
export class TextBase {
  private readonly ofClass: (name: string) => readonly string[];

  /**
   * @param average where the options have none
   * @param otherwise templates where the options have none
   * @param option that the descriptions come from, for messages
   * @throws ConfigError where the file of descriptions cannot be read, or has another form
   */
  constructor(
    private readonly context: Pick<PartContext, 'encodeSentences' | 'folder' | 'classNames' | 'services'>,
    private readonly choice: TextBaseChoice,
    private readonly average: TextAverage,
    otherwise: readonly string[] = [],
    private readonly option = 'head.descriptions',
  ) {
    const { templates = otherwise, descriptions: described, keepUnderscores } = choice;
    if (described === undefined) {
      this.ofClass = (name) =>
        templates.map((template) =>
          keepUnderscores ? template.replace('{}', () => name) : fillTemplate(template, name),
        );
    } else {
      const known = typeof described === 'string' ? readDescriptions(described, context.folder) : described;
      const where = typeof described === 'string' ? described : option;
      this.ofClass = (name) => sentencesOf(known, name, where);
      tellUnused(context, Object.keys(known), where);
    }
  }

  /**
   * Features of the classes, of several sentences the mean; not normalised, [C, E]. The caller owns the tensor.
   * @throws ConfigError naming the classes that have no description
   */
  features(classNames: readonly string[]): tf.Tensor2D {
    const sentences = this.sentences(classNames);
    return tf.tidy(() => this.mean(sentences, this.context.encodeSentences(sentences.flat())));
  }

  /**
   * The mean over each class's sentences, as the options have it, [C, W]. The caller owns the tensor.
   * @param raw rows of all sentences, class after class, [sentences, W]
   */
  mean(sentences: readonly (readonly string[])[], raw: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const each = (this.choice.average ?? this.average) === 'raw' ? raw : normalise(raw);
      const [first] = sentences;
      if (sentences.every(({ length }) => length === first!.length)) {
        return tf.mean(tf.reshape(each, [sentences.length, first!.length, -1]), 1);
      }
      const means = tf
        .split(
          each,
          sentences.map(({ length }) => length),
        )
        .map((rows) => tf.mean(rows, 0, true));
      return tf.concat(means) as tf.Tensor2D;
    });
  }

  /** The sentences of each class. @throws ConfigError naming the classes that have none */
  sentences(classNames: readonly string[]): readonly (readonly string[])[] {
    const lacking: string[] = [];
    const found = classNames.map((name) => {
      const those = this.ofClass(name);
      if (those.length === 0) lacking.push(name);
      return those;
    });
    if (lacking.length === 0) return found;
    const { descriptions: described } = this.choice;
    const known = Object.keys(
      typeof described === 'string' ? readDescriptions(described, this.context.folder) : described!,
    );
    const named = lacking.slice(0, NAMED).map((name) => {
      const near = nearestName(name, known);
      return near === undefined ? `"${name}"` : `"${name}" (there is "${near}")`;
    });
    const more = lacking.length > NAMED ? ` and ${lacking.length - NAMED} more` : '';
    throw new ConfigError(
      `${lacking.length} of ${classNames.length} classes have no description: ${named.join(', ')}${more}.`,
      {
        where: typeof described === 'string' ? described : this.option,
        remedy: 'Describe every class, under the name that it has in the data set.',
      },
    );
  }
}

/** Names that are no class here: novel ones where base classes are trained, or misspelt ones. */
function tellUnused(
  { classNames, services }: Pick<PartContext, 'classNames' | 'services'>,
  known: readonly string[],
  where: string,
): void {
  const classes = new Set(classNames.map(plain));
  const unused = known.filter((name) => !classes.has(plain(name)));
  if (unused.length === 0) return;
  const named = unused.slice(0, NAMED).map((name) => `"${name}"`);
  const more = unused.length > NAMED ? ` and ${unused.length - NAMED} more` : '';
  services
    .get(SERVICES.logger)
    .info(`${where} describes ${unused.length} names that are not among the classes here: ${named.join(', ')}${more}.`);
}

/** Classes that a message names. */
const NAMED = 5;

/** Underscores and spaces of names are one. */
const plain = (name: string): string => name.replaceAll('_', ' ');

function sentencesOf(
  known: Readonly<Record<string, string | readonly string[]>>,
  name: string,
  where: string,
): readonly string[] {
  const keys = Object.keys(known).filter((key) => plain(key) === plain(name));
  if (keys.length > 1 && !keys.includes(name)) {
    throw new ConfigError(
      `The class "${name}" is described twice, as ${keys.map((key) => `"${key}"`).join(' and ')}.`,
      {
        where,
        remedy: 'Put all of its sentences under one name.',
      },
    );
  }
  const found = known[keys.includes(name) ? name : (keys[0] ?? '')];
  return typeof found === 'string' ? [found] : (found ?? []);
}

/** @throws ConfigError where the file cannot be read, or has another form */
function readDescriptions(path: string, folder: string): z.output<typeof descriptions> {
  const file = resolve(folder, path);
  const fail = (message: string, cause?: unknown): never => {
    throw new ConfigError(message, {
      where: file,
      remedy: 'Write a YAML or JSON file in which every class name has a list of sentences.',
      cause,
    });
  };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    return fail(`The file of descriptions cannot be read: ${(cause as Error).message}`, cause);
  }
  const parsed = descriptions.safeParse(file.toLowerCase().endsWith('.json') ? json(text, fail) : yaml(text, fail));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return fail(
    `The file of descriptions is no mapping from class names to sentences, at ${JSON.stringify(issue!.path.join('.'))}: ${issue!.message}.`,
  );
}

function json(text: string, fail: (message: string, cause?: unknown) => never): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    return fail(`The file of descriptions is no JSON: ${(cause as Error).message}`, cause);
  }
}

function yaml(text: string, fail: (message: string) => never): unknown {
  const { value, findings } = parsePlainYaml(text);
  return findings ? fail(`The file of descriptions cannot be read: ${findings[0]!.message}.`) : value;
}
