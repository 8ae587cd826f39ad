import type { RunEvent } from '@promptweave/core';
import { z } from 'zod';

/** JSON has no NaN and no infinities: they are written as text. */
const number = z.union([z.number(), z.literal(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

const texts = z.record(z.string(), z.string());
const stamp = {
  /** 1, 2, 3, … */
  seq: z.int(),
  /** Milliseconds since 1970. */
  time: z.int(),
};

/** Identities go into searches as they are. */
const identity = z.string().regex(/^[\w.:/-]{1,200}$/, 'an identity has letters, digits and . : / - only');

const start = z.object({
  ...stamp,
  type: z.literal('start'),
  id: identity,
  name: z.string(),
  experiment: z.string().min(1),
  parent: z.object({ id: identity, name: z.string() }).optional(),
  configuration: z.record(z.string(), z.unknown()),
  params: texts.optional(),
  source: z.string().optional(),
  environment: z.object({
    git: z.object({ commit: z.string(), changed: z.boolean() }).optional(),
    versions: texts,
    plugins: texts.optional(),
    backend: z.string(),
    computation: z.string().optional(),
    platform: z.string(),
  }),
  tags: texts.optional(),
});

const metrics = z.object({
  ...stamp,
  type: z.literal('metrics'),
  step: z.int(),
  values: z.record(z.string(), number),
});

const artifact = z.object({
  ...stamp,
  type: z.literal('artifact'),
  path: z.string().min(1),
  content: z.string().optional(),
});

const end = z.object({
  ...stamp,
  type: z.literal('end'),
  status: z.enum(['finished', 'stopped', 'failed']),
  error: z.string().optional(),
  digests: z.object({ checkpoint: z.string(), dataset: z.string() }).optional(),
  datasets: z
    .array(z.object({ name: z.string(), digest: z.string(), options: z.record(z.string(), z.unknown()) }))
    .optional(),
  summary: z.string().optional(),
  tags: texts.optional(),
});

/** A line of the journal. */
export const journalEntry = z.discriminatedUnion('type', [start, metrics, artifact, end]);

export type JournalEntry = z.output<typeof journalEntry>;
export type StartEntry = z.output<typeof start>;
export type MetricsEntry = z.output<typeof metrics>;
export type ArtifactEntry = z.output<typeof artifact>;
export type EndEntry = z.output<typeof end>;

/** An event as a line of the journal, checked. @throws ZodError */
export function toLine(event: RunEvent, seq: number, time: number): string {
  const line = JSON.stringify({ seq, time, ...event }, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  journalEntry.parse(JSON.parse(line));
  return `${line}\n`;
}
