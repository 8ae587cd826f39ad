import { supportMatrix } from '@promptweave/core/experiment';

/** Kinds of which two parts may exclude each other, and what several are called. */
const KINDS = {
  prompt: 'prompts',
  labels: 'labels',
  head: 'heads',
  tuning: 'tunings',
  loss: 'losses',
  protocol: 'protocols',
};

let supports;

/** What the parts do not stand with, and why; from the same rules that refuse a configuration. */
export function combinations({ parts }, registry) {
  supports ??= supportMatrix(registry);
  return [
    ...parts.flatMap(([kind, part]) => [...combinationsOf(kind, part, registry), '']),
    'This holds for default options and one phase of training: [the whole table](../reference.md#what-combines-with-what).',
  ];
}

function combinationsOf(kind, part, registry) {
  const { needsTrainedLabels, needsMovedImages } = registry.get(kind, part);
  const says = [
    `\`${kind}: ${part}\` combines with all other parts and protocols`,
    needsTrainedLabels && 'It needs labels that are trained.',
    needsMovedImages && 'It needs a prompt or a tuning in the vision tower.',
  ].filter(Boolean);
  const excluded = exclusions(kind, part, registry);
  if (excluded.length === 0) return [`${says.join('. ')}${says.length > 1 ? '' : '.'}`];
  const [first, ...needs] = says;
  return [[`${first}, except these.`, ...needs].join(' '), '', ...excluded];
}

/** A line for each rule that excludes parts. */
function exclusions(kind, part, registry) {
  const byRule = new Map();
  const others = kind in KINDS ? Object.keys(KINDS).filter((other) => other !== kind) : [];
  for (const other of others) {
    for (const name of registry.names(other)) {
      for (const rule of supports([kind, part], [other, name])) {
        const found = byRule.get(rule) ?? {};
        byRule.set(rule, { ...found, [other]: [...(found[other] ?? []), `\`${name}\``] });
      }
    }
  }
  return [...byRule].map(([rule, names]) => {
    const groups = Object.entries(names).map(
      ([other, list]) => `the ${list.length > 1 ? KINDS[other] : other} ${list.join(', ')}`,
    );
    return `- Not with ${groups.join('; ')}. ${rule}`;
  });
}
