// Writes docs/reference.md, docs/reference/ and what docs/methods/ has beside its own words from the definitions; with --check it fails where one of them is stale.
// Needs a build. Usage: node tools/reference.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { defaultPlugins, loadPlugins, supportMatrix } from '@promptweave/core/experiment';
import { format } from 'oxfmt';
import { createProgram } from '../apps/cli/dist/program.js';
import { draw } from './drawings/draw.mjs';
import { methods } from './drawings/methods.mjs';
import { trainingStep } from './drawings/training-step.mjs';
import { methodPages } from './methods/pages.mjs';
import { commandsPage } from './reference/commands.mjs';
import { configurationPage } from './reference/configuration.mjs';
import { optionsTable } from './reference/options.mjs';
import { presetsPage } from './reference/presets.mjs';
import { supportTables } from './support-tables.mjs';

const registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
const kinds = [
  ['prompt', 'Prompt learners'],
  ['labels', 'Label aligners'],
  ['head', 'Heads'],
  ['tuning', 'Tunings'],
  ['gradients', 'Gradient rules'],
  ['loss', 'Losses'],
  ['protocol', 'Protocols'],
  ['tracker', 'Trackers'],
  ['backbone', 'Backbones'],
  ['dataset', 'Data sets'],
];
const lines = [
  '# Reference',
  '',
  'Made from the definitions by `npm run reference`; CI fails where it is stale. `promptweave schema --out FILE` writes the same as a JSON Schema for editors.',
  '',
  '## What combines with what',
  '',
  'Every prompt learner combines with every label aligner, tuning, loss and gradient rule, and with every head and protocol except where their properties',
  'exclude it. The tables below hold for default options and one phase of training: ✓ combines, a number is the rule against it. A combination that cannot work',
  'is refused with its reason before anything is built; options may change that (`head.constraint` of zero-shot-linear-probe, `tuning.encoder`),',
  'and a head that starts from the text features can follow what moves them in a second phase (`train.then`).',
  ...supportTables(registry, supportMatrix(registry)),
  '',
  'What a loss needs has to be there. The terms of all losses count, also where two losses have a term of the same name.',
  '',
  '| loss | needs |',
  '| --- | --- |',
  ...registry.ofKind('loss').map(({ name, needsTrainedLabels, needsMovedImages }) => {
    const needs = [
      ...(needsTrainedLabels ? ['labels that are trained'] : []),
      ...(needsMovedImages ? ['a prompt or a tuning in the vision tower'] : []),
    ];
    return `| ${name} | ${needs.join(', ')} |`;
  }),
  '',
  'What each kind of part declares:',
  '',
  '| prompt | prompts the text tower | prompts the vision tower | image features can be cached | depends on the image | novel classes | losses it brings |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];
const yes = (flag) => (flag ? 'yes' : 'no');
for (const plugin of registry.ofKind('prompt')) {
  const options = plugin.options.parse({});
  const { promptsVision, promptsText, learns, dependsOnImage, novelClasses } = plugin.properties(options);
  const losses = ['cross-entropy', ...(plugin.losses?.(options) ?? []).map(({ use }) => use)].join(', ');
  lines.push(
    `| ${plugin.name} | ${yes(promptsText !== false && learns !== false)} | ${yes(promptsVision)} | ${yes(!promptsVision)} | ${yes(dependsOnImage)} | ${novelClasses} | ${losses} |`,
  );
}
lines.push(
  '',
  '| head | learns | text features of a step | starts from them | values of single classes | novel classes | losses it brings |',
  '| --- | --- | --- | --- | --- | --- | --- |',
);
for (const plugin of registry.ofKind('head')) {
  const options = plugin.options.parse({});
  const { readsText, startsFromText, ofClasses, novelClasses, learns, prepares } = plugin.properties(options);
  const learning = learns !== false ? 'yes' : prepares ? 'fits itself' : 'no';
  const losses = (plugin.losses?.(options) ?? [])
    .map(({ use, weight = 1 }) => `${weight.toPrecision(2)} · ${use}`)
    .join(', ');
  lines.push(
    `| ${plugin.name} | ${learning} | ${readsText ? 'read' : 'not read'} | ${yes(startsFromText)} | ${yes(ofClasses)} | ${novelClasses} | ${losses} |`,
  );
}
lines.push(
  '',
  '| tuning | tunes the text tower | tunes the vision tower | losses it brings |',
  '| --- | --- | --- | --- |',
);
for (const plugin of registry.ofKind('tuning')) {
  const options = plugin.options.parse({});
  const { tunesText, tunesVision } = plugin.properties(options);
  const losses = (plugin.losses?.(options) ?? []).map(({ use }) => use).join(', ');
  lines.push(`| ${plugin.name} | ${yes(tunesText)} | ${yes(tunesVision)} | ${losses} |`);
}
for (const [kind, title] of kinds) {
  lines.push('', `## ${title}`);
  for (const { plugin, module } of registry.entries.filter((entry) => entry.plugin.kind === kind)) {
    lines.push('', `### \`${plugin.name}\``, '', `${plugin.description} From \`${module}\`.`);
    const presets = Object.keys(plugin.presets ?? {});
    if (presets.length > 0)
      lines.push('', `Presets: ${presets.map((name) => `\`${plugin.name}/${name}\``).join(', ')}.`);
    const table = optionsTable(plugin);
    if (table.length > 0) lines.push('', ...table);
  }
}
const style = JSON.parse(readFileSync(new URL('../.oxfmtrc.json', import.meta.url), 'utf8'));
const pages = {
  'reference.md': lines,
  'reference/configuration.md': configurationPage(registry),
  'reference/presets.md': presetsPage(registry),
  'reference/commands.md': commandsPage(createProgram()),
  ...methodPages(registry),
};
/** Writes a file of docs/, or says that it is stale. */
function keep(name, text) {
  const target = new URL(`../docs/${name}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error(`docs/${name} is stale. Run: npm run build && npm run reference`);
    process.exitCode = 1;
  }
}
for (const [name, page] of Object.entries(pages)) {
  keep(name, (await format(name, `${page.join('\n')}\n`, style)).code);
}
keep('training-step.svg', trainingStep());
for (const [name, method] of Object.entries(methods)) keep(`methods/drawings/${name}.svg`, draw(method));
