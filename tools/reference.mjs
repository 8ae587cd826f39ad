// Writes docs/reference.md from the plugins' own definitions; with --check it fails where the file is stale.
// Needs a build. Usage: node tools/reference.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { defaultPlugins, describeOptions, loadPlugins, supportMatrix } from '@promptweave/core/experiment';
import { format } from 'prettier';
import { supportTables } from './support-tables.mjs';

const target = new URL('../docs/reference.md', import.meta.url);
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
const cell = (value) => String(value).replaceAll('|', '\\|');
const lines = [
  '# Reference',
  '',
  'Made from the definitions by `npm run reference`; CI fails where it is stale. `promptweave schema --out FILE` writes the same as a JSON Schema for editors.',
  '',
  '## What combines with what',
  '',
  'Every prompt learner stands with every label aligner, tuning, loss and gradient rule, and with every head and protocol but for what their properties',
  'exclude. Both are said below for default options and one phase of training: ✓ stands together, a number is the rule against it. A configuration that does',
  'not go together is refused with its reason before anything is built; options may change it (`head.constraint` of zero-shot-linear-probe, `tuning.encoder`),',
  'and a head that starts from the text features can follow what moves them in a second phase (`train.then`).',
  ...supportTables(registry, supportMatrix(registry)),
  '',
  'A loss with a need has to have something that fills it; the terms of all losses count, also where two losses have one of the same name.',
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
    const options = describeOptions(plugin);
    if (options.length === 0) continue;
    lines.push('', '| option | type | default | |', '| --- | --- | --- | --- |');
    for (const option of options) {
      const start = option.required
        ? 'required'
        : option.default === undefined
          ? ''
          : `\`${JSON.stringify(option.default)}\``;
      lines.push(`| \`${option.name}\` | ${cell(option.type)} | ${cell(start)} | ${cell(option.description)} |`);
    }
  }
}
const text = await format(`${lines.join('\n')}\n`, { parser: 'markdown', printWidth: 120 });
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/reference.md is stale. Run: npm run build && npm run reference');
  process.exit(1);
}
