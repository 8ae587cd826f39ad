import { createHash } from 'node:crypto';

/** What MLflow's servers, old ones too, take at most, in characters. */
const LONGEST = { key: 250, param: 500, tag: 5000 } as const;

/** A key as MLflow takes it: letters, digits, _ - . space and slashes between names; long ones end in a hash. */
export function mlflowKey(key: string): string {
  const parts = key.split('/').map((part) => (/^\.{0,2}$/.test(part) ? '_' : part.replaceAll(/[^\w. -]/g, '_')));
  const clean = parts.join('/');
  if (clean.length <= LONGEST.key) return clean;
  return `${clean.slice(0, LONGEST.key - 9)}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

/** A param's value, cut where it is too long; the configuration among the artifacts has the whole. */
export function mlflowParam(value: string): string {
  return cut(value, LONGEST.param);
}

/** A tag's value, cut where it is too long. */
export function mlflowTag(value: string): string {
  return cut(value, LONGEST.tag);
}

/**
 * A configuration as params: `{ prompt: { use: 'comma' }, losses: [{ use: 'x' }] }` gives `prompt.use` and `losses.0.use`.
 * Lists of plain values stay together.
 */
export function flatParams(configuration: object): Record<string, string> {
  const params: Record<string, string> = {};
  const visit = (value: unknown, path: string): void => {
    if (value === undefined) return;
    const nested = typeof value === 'object' && value !== null && Object.values(value).length > 0;
    if (nested && (!Array.isArray(value) || value.some((entry) => typeof entry === 'object'))) {
      for (const [key, entry] of Object.entries(value)) visit(entry, path === '' ? key : `${path}.${key}`);
    } else {
      params[mlflowKey(path)] = mlflowParam(typeof value === 'string' ? value : JSON.stringify(value));
    }
  };
  visit(configuration, '');
  return params;
}

function cut(value: string, longest: number): string {
  return value.length <= longest ? value : `${value.slice(0, longest - 1)}…`;
}
