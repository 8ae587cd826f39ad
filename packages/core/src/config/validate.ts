import type { z } from 'zod';
import type { PluginKind } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';
import { trainSettings } from '../training/settings.js';
import { describeIssue } from './describe-issue.js';
import { isMapping } from './layers.js';
import { nearestName, suggestion } from './nearest-name.js';
import { datasetSettings, evaluateSettings, runtimeSettings } from './sections.js';

/** Something wrong at a path. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a schema makes of a value: the data with defaults, or all that is wrong. */
export type Outcome<T> =
  { readonly data: T; readonly findings?: never } | { readonly data?: never; readonly findings: Finding[] };

/** Checks a configuration (or a section of it at `at`) against its schema. */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  registry: Registry,
  at: readonly PropertyKey[] = [],
): Outcome<T> {
  const optionsAt = new Map<string, string[]>();
  const outcome = schema.safeParse(value, {
    reportInput: true,
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return describeIssue(issue);
      const { shape } = (issue.inst as unknown as z.core.$ZodObject)._zod.def;
      optionsAt.set(JSON.stringify(issue.path ?? []), Object.keys(shape));
      return undefined;
    },
  });
  if (outcome.success) return { data: outcome.data };
  const elsewhere = optionsElsewhere(value, registry);
  const findings = outcome.error.issues.flatMap((issue): Finding[] => {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = optionsAt.get(JSON.stringify(issue.path)) ?? [];
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownOption(key, known, elsewhere) }));
    }
    const choice = chosenKind(path);
    const isChoice = issue.input === undefined || issue.code === 'invalid_union' || isNever(issue);
    if (choice && isChoice) {
      return [{ path: choice.path, message: unknownUse(choice.kind, issue.input, registry) }];
    }
    return [{ path, message: issue.message }];
  });
  return { findings };
}

function isNever(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && String(issue.expected) === 'never';
}

function unknownOption(key: string, known: readonly string[], elsewhere: readonly string[]): string {
  const other = elsewhere.find((path) => nearestName(key, [path.split('.').at(-1)!]) !== undefined);
  if (nearestName(key, known) === undefined && other) return `unknown option. Did you mean \`${other}\`?`;
  return `unknown option.${suggestion(key, known, 'The options here are')}`;
}

function unknownUse(kind: PluginKind, input: unknown, registry: Registry): string {
  const use = isMapping(input) ? input['use'] : input;
  if (typeof use === 'string') return registry.unknown(kind, use);
  const known = registry.names(kind);
  return `missing; expected the name of a ${kind}${known.length > 0 ? `: ${known.join(', ')}` : ''}`;
}

/** The kind of plugin that a path chooses: `prompt`, `prompt.use`, `losses.0`, `losses.0.use`. */
function chosenKind(path: readonly PropertyKey[]): { kind: PluginKind; path: PropertyKey[] } | undefined {
  const [section, ...rest] = path;
  const depth = section === 'losses' ? 1 : 0;
  const kind = section === 'losses' ? 'loss' : section;
  if (!['backbone', 'dataset', 'prompt', 'labels', 'loss'].includes(String(kind))) return undefined;
  const isChoice = rest.length === depth || (rest.length === depth + 1 && rest.at(-1) === 'use');
  return isChoice ? { kind: kind as PluginKind, path: [...path.slice(0, depth + 1), 'use'] } : undefined;
}

/** Paths of the options of the sections and of the chosen parts, for options that were written in the wrong section. */
function optionsElsewhere(value: unknown, registry: Registry): string[] {
  const paths = (section: string, shape: object) => Object.keys(shape).map((key) => `${section}.${key}`);
  const chosen = (['dataset', 'prompt', 'labels', 'backbone'] as const).flatMap((kind) => {
    const part = isMapping(value) ? value[kind] : undefined;
    const use = isMapping(part) ? part['use'] : undefined;
    return paths(kind, (typeof use === 'string' && registry.find(kind, use)?.options.shape) || {});
  });
  return [
    ...paths('train', trainSettings.shape),
    ...paths('dataset', datasetSettings),
    ...chosen,
    ...paths('evaluate', evaluateSettings.shape),
    ...paths('runtime', runtimeSettings.shape),
  ];
}
