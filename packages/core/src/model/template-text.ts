import { z } from 'zod';

/** An option that is a hand-crafted template: text with exactly one `{}`, where the class name goes. */
export const templateText = z.string().refine((text) => text.split('{}').length === 2, {
  error: ({ input }) => `expected exactly one {} where the class name goes, received ${JSON.stringify(input)}`,
});

/** The sentence of a class; underscores of its name are spaces. */
export function fillTemplate(template: string, className: string): string {
  return template.replace('{}', () => className.replaceAll('_', ' ')); // a text as second argument has patterns such as $&
}
