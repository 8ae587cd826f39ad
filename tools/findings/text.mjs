/** A fraction as percent with one decimal. */
export const percent = (value) => (100 * value).toFixed(1);

/** A difference of fractions in points, with its sign. */
export function points(value) {
  const text = (100 * value).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return value < 0 ? `−${text.slice(1)}` : `+${text}`;
}

/** A Markdown table; numbers to the right. */
export function table(heading, lines) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const rule = heading.map((_, i) => (i === 0 ? '---' : '---:'));
  return [row(heading), row(rule), ...lines.map(row)].join('\n');
}

export const count = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
