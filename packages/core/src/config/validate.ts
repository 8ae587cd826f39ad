import type { z } from 'zod';
import { kindNames, type PluginKind } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';
import { trainSettings } from '../training/settings.js';
import { describeIssue, describeValue } from './describe-issue.js';
import { isMapping, partSections } from './layers.js';
import { nearestName } from './nearest-name.js';
import { pathText } from './problems.js';
import { datasetSettings, evaluateSettings, runtimeSettings, seedsSettings } from './sections.js';

/** Something wrong at a path. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Findings of one kind that are told: who has mended these will see the others. */
const TOLD = 50;

/** What a schema makes of a value: the data with defaults, or all that is wrong. */
export type Outcome<T> =
  | { readonly data: T; readonly findings?: never }
  | { readonly data?: never; readonly findings: Finding[] };

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
  const findings = outcome.error.issues.slice(0, TOLD).flatMap((issue): Finding[] => {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = optionsAt.get(JSON.stringify(issue.path)) ?? [];
      const owner = ownerOf(issue.input, path);
      return issue.keys
        .slice(0, TOLD)
        .map((key) => ({ path: [...path, key], message: unknownOption(key, known, owner, elsewhere) }));
    }
    const kind = chosenKind(path);
    return [{ path, message: kind && isAboutChoice(issue) ? unknownUse(kind, issue.input, registry) : issue.message }];
  });
  return { findings };
}

/** The chosen part, or the section, that a mapping of options belongs to. */
function ownerOf(options: unknown, path: readonly PropertyKey[]): string {
  const use = chosenKind(path) && isMapping(options) ? options['use'] : undefined;
  return typeof use === 'string' ? use : pathText(path);
}

function unknownOption(key: string, known: readonly string[], owner: string, elsewhere: readonly string[]): string {
  const what = owner === '' ? 'unknown section' : `unknown option of ${owner}`;
  const nearest = nearestName(key, known) ?? elsewhere.find((path) => nearestName(key, [path.split('.').at(-1)!]));
  if (nearest !== undefined) return `${what}. Did you mean \`${nearest}\`?`;
  const options = known.filter((option) => option !== 'use');
  return `${what}. ${options.length === 0 ? 'It has none.' : `There are: ${options.join(', ')}.`}`;
}

/** True where nothing, something that cannot choose, or an unknown name stands where a part is chosen. */
function isAboutChoice(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'invalid_union') return true;
  return issue.code === 'invalid_type' && ['object', 'never'].includes(String(issue.expected));
}

function unknownUse(kind: PluginKind, input: unknown, registry: Registry): string {
  const use = isMapping(input) ? input['use'] : input;
  if (typeof use === 'string') return registry.unknown(kind, use);
  const known = registry.names(kind);
  const expected = `expected the name of a ${kindNames[kind]}${known.length > 0 ? ` (${known.join(', ')})` : ''}`;
  if (use === undefined) return `missing; ${expected}`;
  return `${expected}${isMapping(input) ? '' : ' or a mapping with `use`'}, received ${describeValue(use)}`;
}

/** The kind of plugin that a path chooses: `prompt`, `prompt.use`, `losses.0`, `losses.0.use`. */
function chosenKind(path: readonly PropertyKey[]): PluginKind | undefined {
  const [section, ...rest] = path;
  const inLosses = section === 'losses';
  const kind = Object.keys(kindNames).find((name) => name === (inLosses ? 'loss' : section)) as PluginKind | undefined;
  const beneath = rest.length - (inLosses ? 1 : 0);
  return beneath === 0 || (beneath === 1 && path.at(-1) === 'use') ? kind : undefined;
}

/** Paths of the options of the sections and of the chosen parts, for options that were written in the wrong section. */
function optionsElsewhere(value: unknown, registry: Registry): string[] {
  const paths = (section: string, shape: object) => Object.keys(shape).map((key) => `${section}.${key}`);
  const chosen = partSections.flatMap((kind) => {
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
    ...paths('seeds', seedsSettings.shape),
  ];
}
