/** Characters of a text from a file that a message shows at most. */
const SHOWN = 120;

/** A text from a file as a message shows it: in quotes, long ones cut. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/** What a value of JSON is, for messages: text and numbers as they are, anything else by its kind. */
export function described(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}
