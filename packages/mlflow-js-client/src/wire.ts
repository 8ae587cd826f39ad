import type { JsonObject } from './http/json-object.js';

/** Readers of the server's JSON. Protocol buffers leave out what is empty, and may write 64-bit integers as text. */

/** The objects of a list that may be absent. */
export function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** An object that may be absent. */
export function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

/** A text; empty where it is absent. */
export function text(value: unknown): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

/** A text, or undefined where it is absent or empty. */
export function optionalText(value: unknown): string | undefined {
  return text(value) || undefined;
}

/** A number, of a number or of a text such as "NaN" or "-Infinity"; 0 where it is absent. */
export function number(value: unknown): number {
  return value === undefined || value === null ? 0 : Number(value);
}

/** A number, or undefined where it is absent. */
export function optionalNumber(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : number(value);
}

/** A list of `{ key, value }` as a record. */
export function record(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(objects(value).map((entry) => [text(entry['key']), text(entry['value'])]));
}

/** A record as a list of `{ key, value }`. */
export function pairs(
  values: Readonly<Record<string, string>> = {},
): { readonly key: string; readonly value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

/** A number as JSON can carry it: what is not finite becomes "NaN", "Infinity" or "-Infinity". */
export function wireNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
