import { readmeOf, sectionOf, withoutOptions } from './readme.mjs';

/** The equations, as the package's README has them. */
export function equations({ package: folder, equations: headings, symbols }) {
  const readme = readmeOf(folder);
  const texts = headings.map((heading) => {
    const text = withoutOptions(sectionOf(readme, heading));
    return headings.length > 1 ? `### ${heading}\n\n${text}` : text;
  });
  return [...(symbols ? [symbolsOf(readme)] : []), ...texts]
    .join('\n\n')
    .replaceAll(/https:\/\/github\.com\/promptweave\/promptweave\/(?:tree|blob)\/main\//g, '../../')
    .split('\n');
}

/** The paragraph before the sections that says what letters mean. */
function symbolsOf(readme) {
  const sentence = /^(?:[^]*?\s)?(v is the normalised image feature[^]*?)(?: A part of\n|\. All three|\n\n)/.exec(
    readme,
  );
  if (!sentence) throw new Error('The README does not say what v is.');
  return `${sentence[1].replace(/\.$/, '')}.`;
}
