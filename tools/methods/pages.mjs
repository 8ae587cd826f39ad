import { catalogue } from './catalogue.mjs';
import { combinations } from './combinations.mjs';
import { differences } from './differences.mjs';
import { equations } from './equations.mjs';
import { facts } from './facts.mjs';
import { numbers } from './numbers.mjs';
import { options } from './options.mjs';
import { overview } from './overview.mjs';
import { read } from './readme.mjs';

/** What stands on a page of a method beside its own words. */
const sections = { facts, equations, options, differences, combinations, numbers };

/**
 * The pages of docs/methods with what is made of the definitions, of the packages' READMEs and of measured and published numbers. A page keeps
 * its own words; each part that is made stands between `<!-- made: NAME -->` and `<!-- end of NAME -->`.
 *
 * @returns lines of each page, by its path below docs/
 * @throws where a page lacks a part, and where what learns is on no page
 */
export function methodPages(registry) {
  const shown = Object.values(catalogue).flatMap(({ parts }) => parts.map((part) => part.join(' ')));
  for (const { plugin, module } of registry.entries) {
    const learns = ['prompt', 'labels', 'head', 'tuning', 'gradients'].includes(plugin.kind);
    if (learns && module !== '@promptweave/core' && !shown.includes(`${plugin.kind} ${plugin.name}`)) {
      throw new Error(`The ${plugin.kind} ${plugin.name} has no page: give it one in tools/methods/catalogue.mjs.`);
    }
  }
  const pages = Object.entries(catalogue).map(([name, method]) => {
    const path = `methods/${name}.md`;
    const made = Object.entries(sections)
      .filter(([section]) => section !== 'equations' || method.equations)
      .map(([section, make]) => [section, make({ name, ...method }, registry)]);
    return [path, fill(path, Object.fromEntries(made))];
  });
  return { ...Object.fromEntries(pages), 'methods/README.md': fill('methods/README.md', overview()) };
}

function fill(path, made) {
  let text = read(`docs/${path}`);
  for (const [section, lines] of Object.entries(made)) {
    const place = new RegExp(`(<!-- made: ${section} -->)[^]*?(<!-- end of ${section} -->)`);
    if (!place.test(text)) throw new Error(`docs/${path} has no place for ${section}: <!-- made: ${section} -->.`);
    text = text.replace(place, (_, before, after) => [before, '', ...lines, '', after].join('\n'));
  }
  return text.trimEnd().split('\n');
}
