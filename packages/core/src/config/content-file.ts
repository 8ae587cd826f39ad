import { z } from 'zod';

const marked = z.registry<{ readonly content: true }>();

/**
 * An option that names a file, relative to the configuration's folder, whose content the numbers depend on. So the content belongs to the
 * identity of experiments and cells, and not the name alone.
 */
export function contentFile(): z.ZodString {
  return z.string().min(1).register(marked, { content: true });
}

/** Whether an option's schema was made by `contentFile`. */
export function isContentFile(schema: z.ZodType): boolean {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodUnion
    ? inner.options.some((option) => isContentFile(option as z.ZodType))
    : marked.has(inner);
}

/** The schema within defaults and what may be absent. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  const wraps = [z.ZodOptional, z.ZodDefault, z.ZodPrefault, z.ZodNullable];
  const wrapped = wraps.some((wrap) => schema instanceof wrap);
  return wrapped ? unwrapped((schema as z.ZodOptional).unwrap() as z.ZodType) : schema;
}
