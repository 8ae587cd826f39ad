// Writes the tables and figures that docs/findings.md asks for, from examples/studies/results; with --check it fails where one of them is stale.
// Needs a build. Usage: node tools/findings.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format } from 'oxfmt';
import { figuresOf } from './findings/figures.mjs';
import { withNumbers } from './findings/sections.mjs';

const docs = new URL('../docs/', import.meta.url);
const path = new URL('findings.md', docs);
const style = JSON.parse(readFileSync(new URL('../.oxfmtrc.json', import.meta.url), 'utf8'));
const { code: page } = await format('findings.md', withNumbers(readFileSync(path, 'utf8')), style);
const files = [
  ['findings.md', page],
  ...Object.entries(await figuresOf(page)).map(([name, svg]) => [`findings-${name}.svg`, svg]),
];
const isStale = ([name, text]) => {
  const file = new URL(name, docs);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
};
const stale = files.filter(isStale);
if (process.argv.includes('--check')) {
  for (const [name] of stale)
    console.error(`docs/${name} is not what examples/studies/results says. Run: node tools/findings.mjs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of stale) writeFileSync(new URL(name, docs), text);
  console.log(`${stale.length} of ${files.length} files written.`);
}
