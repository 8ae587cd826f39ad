import { describeIssue, InvalidConfigurationError, type ConfigurationSource } from '@promptweave/core/experiment';
import type { z } from 'zod';

/**
 * A section of a configuration with its defaults.
 * @throws InvalidConfigurationError with everything that is wrong, where it stands in the file
 */
export function readSection<T>(name: string, schema: z.ZodType<T>, value: unknown, source: ConfigurationSource): T {
  const outcome = schema.safeParse(value, { error: describeIssue, reportInput: true });
  if (outcome.success) return outcome.data;
  throw new InvalidConfigurationError(
    outcome.error.issues.map(({ path, message }) => {
      const where = [name, ...path];
      return { path: where.map(String).join('.'), message, place: source.place(where) };
    }),
  );
}
