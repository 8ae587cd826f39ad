import { reservedOptions } from '../config/sections.js';
import { contractsVersion, majorOf } from './contracts-version.js';
import { kindNames, type Plugin, type PluginKind } from './define-plugin.js';

/** The functions that a plugin of a kind has, where that is not `create` alone. */
const functionsOf: Partial<Record<PluginKind, readonly string[]>> = {
  prompt: ['create', 'properties'],
  labels: ['create', 'properties'],
  head: ['create', 'properties'],
  tuning: ['create', 'properties'],
  protocol: ['evaluations', 'summary'],
};

/** What is wrong with a value that should be a plugin; undefined where nothing is. */
export function checkPlugin(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is not an object.';
  const { kind, name, description, options, contracts } = value as Partial<Record<keyof Plugin | string, unknown>>;
  if (typeof kind !== 'string' || !(kind in reservedOptions)) {
    return `kind must be one of ${Object.keys(reservedOptions).join(', ')}.`;
  }
  if (typeof name !== 'string' || name === '') return 'name must be a string.';
  if (typeof description !== 'string') return `description of "${name}" must be a string.`;
  if (contracts !== undefined && majorOf(contracts) === undefined) {
    return `contracts of "${name}" must be a version such as "${contractsVersion}".`;
  }
  const missing = (functionsOf[kind as PluginKind] ?? ['create']).find(
    (member) => typeof (value as Record<string, unknown>)[member] !== 'function',
  );
  if (missing) return `${missing} of "${name}" must be a function.`;
  if (!isObjectSchema(options)) return `options of "${name}" must be a zod 4 object schema.`;
  const reserved = reservedOptions[kind]!.find((option) => option in options.shape);
  return (
    reserved && `"${name}" has an option called ${reserved}, which every ${kindNames[kind as PluginKind]} has already.`
  );
}

function isObjectSchema(options: unknown): options is { shape: object } {
  const type = (options as { _zod?: { def?: { type?: unknown } } } | undefined)?._zod?.def?.type;
  return type === 'object' && typeof (options as { safeExtend?: unknown }).safeExtend === 'function';
}
