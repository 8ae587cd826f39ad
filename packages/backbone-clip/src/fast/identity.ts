const identities = new WeakMap<object, number>();
let count = 0;

/** A number for an object, by which programs tell it from others; 0 for none. */
export function identity(object: object | undefined): number {
  if (!object) return 0;
  const known = identities.get(object);
  if (known !== undefined) return known;
  identities.set(object, ++count);
  return count;
}
