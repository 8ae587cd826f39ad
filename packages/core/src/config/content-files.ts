import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { PluginKind } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';
import type { ResolvedConfiguration, ResolvedPart } from './configuration.js';
import { isContentFile, unwrapped } from './content-file.js';

/** SHA-256 of the files that a configuration's parts read, by the options that name them. */
export type Contents = Readonly<Record<string, string>>;

const KINDS = ['backbone', 'dataset', 'prompt', 'labels', 'head', 'tuning', 'gradients', 'protocol'] as const;

/**
 * @param folder that relative paths of the configuration refer to
 * @param known digests of files that were read before, by their paths; new ones are added
 * @throws ConfigError where one cannot be read
 */
export function contentsOf(
  configuration: ResolvedConfiguration,
  registry: Registry,
  folder: string,
  known = new Map<string, string>(),
): Contents {
  const parts: [string, PluginKind, ResolvedPart][] = [
    ...KINDS.map((kind): [string, PluginKind, ResolvedPart] => [kind, kind, configuration[kind]]),
    ...configuration.losses.map((loss, i): [string, PluginKind, ResolvedPart] => [`losses.${i}`, 'loss', loss]),
  ];
  const named = parts.flatMap(([section, kind, { use, ...options }]) => {
    const plugin = registry.find(kind, use);
    return plugin ? filesIn(plugin.options, options, section) : [];
  });
  return Object.fromEntries(
    named.map(([option, name]) => {
      const file = resolve(folder, name);
      const digest = known.get(file) ?? digestOf(file, option);
      known.set(file, digest);
      return [option, digest];
    }),
  );
}

/** Whether there are such files; identities say nothing of them where there are none. */
export function hasAny(contents: Contents | undefined): contents is Contents {
  return contents !== undefined && Object.keys(contents).length > 0;
}

/** Options that name such files, and the names. */
function filesIn(schema: z.ZodType, value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return isContentFile(schema) ? [[path, value]] : [];
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, of]) => {
    const field = (inner.shape as Readonly<Record<string, z.ZodType>>)[key];
    return field ? filesIn(field, of, `${path}.${key}`) : [];
  });
}

function digestOf(file: string, option: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (cause) {
    throw new ConfigError(`The file cannot be read: ${(cause as Error).message}`, {
      where: option,
      remedy: 'Name a file that is there; relative names refer to the folder of the configuration.',
      cause,
    });
  }
}
