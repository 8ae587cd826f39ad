import { readFileSync } from 'node:fs';
import { z } from 'zod';

const figures = z.record(z.string(), z.number());
const entry = z.object({
  name: z.string(),
  /** What this project calls the method, where it has it. */
  method: z.string().optional(),
  shots: z.number().optional(),
  /** Where the averages, or the figures, were read. */
  source: z.string(),
  datasetsSource: z.string().optional(),
  average: figures.optional(),
  datasets: z.record(z.string(), figures).optional(),
  figures: figures.optional(),
});
const published = z.object({
  unit: z.literal('percent'),
  setting: z.object({ backbone: z.string(), seeds: z.array(z.number()) }),
  protocols: z.record(
    z.string(),
    z.object({ shots: z.number().optional(), trainedOn: z.string().optional(), entries: z.array(entry) }),
  ),
});

/** One method's published numbers, percent. */
export type PublishedEntry = z.output<typeof entry>;

/** Which published numbers are wanted. */
export interface PublishedQuery {
  readonly protocol: string;
  /** Undefined where the protocol trains nothing. */
  readonly shots?: number;
  readonly checkpoint: string;
  /** The data set that is trained on, where the protocol has one source. */
  readonly trainedOn?: string;
}

/** The published numbers of the same setting: ViT-B/16, the same protocol and shots; none of any other. */
export function publishedFor({ protocol, shots, checkpoint, trainedOn }: PublishedQuery): readonly PublishedEntry[] {
  if (!/vit-?b(ase)?[-_/]?(patch)?16(?!.*(laion|datacomp|siglip))/i.test(checkpoint)) return [];
  const text = readFileSync(new URL('../../data/published.json', import.meta.url), 'utf8');
  const found = published.parse(JSON.parse(text)).protocols[protocol];
  if (!found || (found.trainedOn !== undefined && found.trainedOn !== trainedOn)) return [];
  return found.entries.filter((candidate) => [0, shots].includes(candidate.shots ?? found.shots ?? shots));
}
