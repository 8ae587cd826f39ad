/** Shapes that all drawings are made of, as pieces of SVG. */
const colours = { frozen: '#d8dee6', learned: '#f0883e', made: '#ffffff' };
const LINE = '#57606a';

/** A box with a word in its middle: `frozen`, `learned`, or `made` of learned values. */
export function box(x, y, w, h, kind, says = '') {
  const stroke = kind === 'frozen' ? LINE : '#bc4c00';
  return [
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="4" fill="${colours[kind]}" stroke="${stroke}"/>`,
    ...(says ? [label(x + w / 2, y + h / 2 + 4, says)] : []),
  ];
}

export function arrow(x1, y1, x2, y2, dashed = '') {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${LINE}" marker-end="url(#tip)"${dashed && ' stroke-dasharray="4 3"'}/>`;
}

/** A line around corners, `x,y x,y …`. */
export function way(points, { dashed = false, tip = false } = {}) {
  return `<polyline points="${points}" fill="none" stroke="${LINE}"${tip ? ' marker-end="url(#tip)"' : ''}${dashed ? ' stroke-dasharray="4 3"' : ''}/>`;
}

export function label(x, y, says, anchor = 'middle', size = 12) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="#1f2328">${says}</text>`;
}

/** What the colours mean, in a row. */
export function legend(y) {
  return Object.entries({ frozen: 'frozen', learned: 'learned', made: 'made of learned values' }).flatMap(
    ([kind, says], i) => {
      const x = 10 + 80 * i;
      return [
        `<rect x="${x}" y="${y}" width="12" height="12" fill="${colours[kind]}" stroke="${kind === 'frozen' ? LINE : '#bc4c00'}"/>`,
        label(x + 18, y + 10, says, 'start'),
      ];
    },
  );
}

/** The drawing of pieces. */
export function svg(title, width, height, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif">
<title>${title}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${LINE}"/></marker></defs>
<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>
${parts.filter(Boolean).join('\n')}
</svg>
`;
}
