import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** A file of the repository. */
export const read = (path) => readFileSync(new URL(path, root), 'utf8');

/** The README of a package. */
export const readmeOf = (name) => read(`packages/${name}/README.md`);

/** What stands below a heading of the second level, up to the next. @throws where there is no such heading */
export function sectionOf(text, heading) {
  const sections = text.split(/^## /m);
  const found = sections.find((section) => section.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`There is no section "${heading}".`);
  return found.slice(heading.length).trim();
}

/** A section without the tables of options, the lines that only say how a part is chosen, and the sections within it. */
export function withoutOptions(section) {
  const [text] = section.split(/^### /m);
  return text
    .replaceAll(/<!-- options of [^\n]* -->\n\n(?:\|[^\n]*\n?)*(?:It has no options\.\n?)?/g, '')
    .replaceAll(/^`(?:prompt|labels|head|tuning|gradients|losses): [^`]*`\.?$\n*/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** The rows of the first Markdown table of a text, each a list of cells; the first is the heading. */
export function tableOf(text) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  if (first < 0) throw new Error('There is no table.');
  const after = lines.slice(first);
  const end = after.findIndex((line) => !line.startsWith('|'));
  const [head, , ...rows] = end < 0 ? after : after.slice(0, end);
  return [head, ...rows].map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Lines of a Markdown table. */
export function table([head, ...rows], alignments = []) {
  const rule = head.map((_, i) => alignments[i] ?? '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
