import { describeOptions } from '@promptweave/core/experiment';

const cell = (value) => String(value).replaceAll('|', '\\|');

/** The row of an option, whose name may stand behind that of a section. */
function optionRow({ name, type, default: value, required, description }, section) {
  const start = required ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``;
  return `| \`${section ? `${section}.` : ''}${name}\` | ${cell(type)} | ${cell(start)} | ${cell(description)} |`;
}

/** The table of a part's options, as lines of Markdown, whose names may stand behind that of a section; none where it has no options. */
export function optionsTable(part, section) {
  const rows = describeOptions(part).map((option) => optionRow(option, section));
  return rows.length > 0 ? ['| option | type | default | |', '| --- | --- | --- | --- |', ...rows] : [];
}
