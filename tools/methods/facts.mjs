import { learnedParameters } from './cost.mjs';
import { readmeOf, sectionOf, table } from './readme.mjs';

/** The drawing, and what can be said in a line each. */
export function facts(method, registry) {
  const { name, title, parts, package: folder } = method;
  const parsed = parts.map(([kind, part]) => {
    const plugin = registry.get(kind, part);
    const options = plugin.options.parse({});
    return { kind, part, plugin, options, properties: plugin.properties?.(options) ?? {} };
  });
  const losses = parsed.flatMap(({ plugin, options }) => (plugin.losses?.(options) ?? []).map(({ use }) => use));
  const brought = [...new Set(losses)].filter((use) => use !== 'cross-entropy');
  const rows = [
    ['part', chosen(parts)],
    ['learned parameters', learnedParameters(name)],
    ['image features', imageFeatures(parsed)],
    ['classes that were not trained', novelClasses(parsed)],
    ['losses it brings', brought.map((use) => `\`${use}\``).join(', ')],
    ['package', folder && `[${folder}](../../packages/${folder}/README.md)`],
    ['paper and code', folder && sourcesOf(folder, method.sources).join('<br>')],
  ];
  return [
    `![${title}: where learned values enter](drawings/${name}.svg)`,
    '',
    ...table([['', ''], ...rows.filter(([, says]) => says)]),
  ];
}

/** How a configuration chooses the parts. */
function chosen(parts) {
  const losses = parts.filter(([kind]) => kind === 'loss').map(([, part]) => part);
  const lines = parts.filter(([kind]) => kind !== 'loss').map(([kind, part]) => `\`${kind}: ${part}\``);
  return [...lines, ...(losses.length > 0 ? [`\`losses: [cross-entropy, ${losses.join(', ')}]\``] : [])].join('<br>');
}

function imageFeatures(parsed) {
  if (!parsed.some(({ kind }) => ['prompt', 'head', 'tuning'].includes(kind))) return undefined;
  const moves = parsed.some(({ properties }) => properties.promptsVision || properties.tunesVision);
  return moves
    ? 'every step takes its images through the vision tower'
    : 'are computed once and cached, where images are not augmented again in every epoch';
}

const NOVEL = {
  swap: 'have an answer: their names take the place of the trained ones',
  cosine: 'have an answer, by the cosine with their names alone',
  'trained only': 'have no answer: it knows only the trained classes',
};

function novelClasses(parsed) {
  const said = parsed.map(({ properties }) => properties.novelClasses).filter(Boolean);
  const least = ['trained only', 'cosine', 'swap'].find((kind) => said.includes(kind));
  return least && NOVEL[least];
}

/** Lines of the README's list of sources that begin with one of some words; all of them where none are given. */
function sourcesOf(folder, beginnings) {
  const section = sectionOf(readmeOf(folder), 'Source').split('\n\n')[0];
  const lines = section.split(/\n(?:- )?/).map((line) => line.replace(/^- /, ''));
  return beginnings ? lines.filter((line) => beginnings.some((start) => line.startsWith(start))) : lines;
}
