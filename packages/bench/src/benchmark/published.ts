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
/** One protocol's. */
const table = z.object({
  shots: z.number().optional(),
  trainedOn: z.string().optional(),
  /** Figures that the published averages are of, where there is one source. */
  targets: z.array(z.string()).optional(),
  entries: z.array(entry),
});
const published = z.object({
  unit: z.literal('percent'),
  setting: z.object({ backbone: z.string(), seeds: z.array(z.number()) }),
  protocols: z.record(z.string(), table),
});

/** One method's published numbers, percent. */
export type PublishedEntry = z.output<typeof entry> & Pick<z.output<typeof table>, 'targets'>;

/** Which published numbers are wanted. */
export interface PublishedQuery {
  readonly protocol: string;
  /** Undefined where the protocol trains nothing. */
  readonly shots?: number;
  readonly checkpoint: string;
  /** The data set that is trained on, where the protocol has one source. */
  readonly trainedOn?: string;
}

/** What trains nothing is few-shot with 0 shots. */
const UNTRAINED = 'few-shot';

/** The published numbers of the same setting: ViT-B/16, the same protocol and shots; none of any other. */
export function publishedFor({ protocol, shots, checkpoint, trainedOn }: PublishedQuery): readonly PublishedEntry[] {
  if (!/vit-?b(ase)?[-_/]?(patch)?16(?!.*(laion|datacomp|siglip))/i.test(checkpoint)) return [];
  const text = readFileSync(new URL('../../data/published.json', import.meta.url), 'utf8');
  const found = published.parse(JSON.parse(text)).protocols[shots === undefined ? UNTRAINED : protocol];
  if (!found || (found.trainedOn !== undefined && found.trainedOn !== trainedOn)) return [];
  const { targets } = found;
  return found.entries
    .filter((candidate) => [0, shots].includes(candidate.shots ?? found.shots ?? shots))
    .map((candidate) => ({ ...candidate, ...(targets && { targets }) }));
}
