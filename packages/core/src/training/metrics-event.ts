import { z } from 'zod';

/** The form of a line of `metrics.jsonl`. */
export const metricsLine = z.looseObject({ type: z.string(), step: z.number(), epoch: z.number().optional() });

/** A line of `metrics.jsonl`; undefined where it is cut off, as the last one of a killed process may be, or is none. */
export function metricsEvent(line: string): z.output<typeof metricsLine> | undefined {
  try {
    return metricsLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
