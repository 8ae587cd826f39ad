import { z } from 'zod';

/** Faults that are named at most. */
const NAMED = 5;

/** What is wrong with the form of a file, the first faults of it, as people read it. */
export function shapeFaults(error: z.ZodError): string {
  const text = z
    .prettifyError({ issues: error.issues.slice(0, NAMED) })
    .replaceAll('received undefined', 'but it is missing');
  const more = error.issues.length - NAMED;
  return more > 0 ? `${text}\nand ${more} more of this kind` : text;
}
