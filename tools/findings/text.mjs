/** A fraction as percent with one decimal. */
export const percent = (value) =>
  (100 * value)
    .toFixed(1)
    .replace(/^-0\.0$/, '0.0')
    .replace('-', '−');

/** A difference of fractions in points, with its sign. */
export function points(value) {
  const text = percent(value);
  return text === '0.0' || text.startsWith('−') ? text : `+${text}`;
}

/** A Markdown table; numbers to the right. */
export function table(heading, lines) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const rule = heading.map((_, i) => (i === 0 ? '---' : '---:'));
  return [row(heading), row(rule), ...lines.map(row)].join('\n');
}

export const count = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
