import { readdirSync } from 'node:fs';
import { readmeOf, sectionOf, table, tableOf } from './readme.mjs';

const recordings = readdirSync(new URL('../../packages/bench/fixtures/given', import.meta.url));

/** What paper and released code do differently, as the package's README has it, and which runs of that code are repeated. */
export function differences({ package: folder, differences: wanted, sources, recorded }) {
  const said = folder ? ofReadme(folder, wanted, sources) : [];
  const runs = recordings.filter((name) => recorded?.test(name)).map((name) => `\`${name}\``);
  const checked =
    runs.length > 0
      ? `Recorded runs of the authors' code that \`npx promptweave verify packages/bench/fixtures/given\` repeats: ${runs.join(', ')}.`
      : "No run of the authors' code is recorded for it. Its gradients are checked against finite differences.";
  return [...said, '', checked];
}

function ofReadme(folder, wanted, sources) {
  const section = sectionOf(readmeOf(folder), 'Paper and release');
  if (!wanted) return sources ? [] : section.split('\n');
  const [head, ...rows] = tableOf(section);
  const own = rows.filter(([name]) => wanted.test(name)).map(([name, ...says]) => [withoutMethod(name), ...says]);
  if (own.length === 0) return [];
  const [first] = section.split('\n\n');
  return [...(first.startsWith('|') ? [] : [first, '']), ...table([head, ...own])];
}

/** `TaskRes: text` → `text` */
const withoutMethod = (name) => name.replace(/^[^:]*: /, '');
