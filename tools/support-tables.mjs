// Tables of what stands together, as lines of Markdown, from the properties of the plugins with their default options.

/** Each table: a kind down, kinds across. */
const TABLES = [
  ['head', ['prompt']],
  ['head', ['labels', 'tuning']],
  ['head', ['protocol']],
  ['loss', ['labels', 'head']],
  ['prompt', ['protocol']],
  ['tuning', ['labels', 'protocol']],
];

/**
 * @param registry of plugins
 * @param supports which rules are against two parts, see `supportMatrix`
 */
export function supportTables(registry, supports) {
  const rules = [];
  const cell = (one, other) => {
    const against = supports(one, other);
    if (against.length === 0) return '✓';
    for (const rule of against) if (!rules.includes(rule)) rules.push(rule);
    return against.map((rule) => rules.indexOf(rule) + 1).join(', ');
  };
  const tables = TABLES.flatMap(([down, across]) => {
    const columns = across.flatMap((kind) => registry.names(kind).map((name) => [kind, name]));
    const titles = columns.map(([kind, name]) => (name === 'none' || name === 'frozen' ? `${name} (${kind})` : name));
    return [
      '',
      `| ${down} | ${titles.join(' | ')} |`,
      `| --- |${' :---: |'.repeat(columns.length)}`,
      ...registry
        .names(down)
        .map((name) => `| ${name} | ${columns.map((column) => cell([down, name], column)).join(' | ')} |`),
    ];
  });
  return [...tables, '', ...rules.map((rule, number) => `${number + 1}. ${rule}`)];
}
