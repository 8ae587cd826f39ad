import { distance } from 'fastest-levenshtein';

/** The known name that a misspelt one was meant to be, if one is near: case, `_` and `-` count for nothing. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = simplify(name);
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(plain, simplify(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.floor(plain.length * 0.4)) ? best.candidate : undefined;
}

/** ` Did you mean …?` where a name is near, otherwise what there is: ` ${label}: a, b, c.` */
export function suggestion(name: string, known: readonly string[], label: string): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return ` Did you mean \`${nearest}\`?`;
  return known.length === 0 ? '' : ` ${label}: ${known.join(', ')}.`;
}

function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}
