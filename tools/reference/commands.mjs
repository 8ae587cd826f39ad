/** The page of the commands, from the commands themselves. */
export function commandsPage(program) {
  const lines = [
    '# Commands',
    '',
    'Made from the commands by `npm run reference`. `npx promptweave COMMAND --help` prints the same, with examples.',
  ];
  const add = (command, names) => {
    const title = [...names, command.name()];
    const inner = command.commands.filter((one) => one.name() !== 'help');
    const text = command.description() || command.summary();
    const named = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
    const usage = ['promptweave', ...title, ...named].join(' ');
    lines.push('', `## \`${title.join(' ')}\``, '', '```text', usage, '', text, '```');
    const rows = [
      ...command.registeredArguments.map((one) => [one.name(), one.description]),
      ...command.options.filter((one) => !one.hidden).map((one) => [one.flags, withDefault(one)]),
    ];
    if (rows.length > 0) {
      lines.push('', '| argument or option | |', '| --- | --- |');
      for (const row of rows) lines.push(`| \`${row[0].replaceAll('|', '\\|')}\` | ${escaped(row[1])} |`);
    }
    for (const one of inner) add(one, title);
  };
  for (const command of program.commands) add(command, []);
  return lines;
}

function withDefault({ description, defaultValue }) {
  const said = defaultValue === undefined || defaultValue === false || [defaultValue].flat().length === 0;
  return said ? description : `${description} (default: ${[defaultValue].flat().join(', ')})`;
}

const escaped = (text) =>
  text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('<', '\\<').replaceAll('*', '\\*');
