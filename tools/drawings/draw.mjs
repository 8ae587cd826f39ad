/** Draws a method: two frozen towers in grey, what is learned in orange, what follows from learned values with an orange frame. */
const [WIDTH, HEIGHT] = [600, 270];
const colours = { frozen: '#d8dee6', learned: '#f0883e', made: '#ffffff' };
const rows = { text: 50, vision: 150 };
const blocks = [190, 265, 340];

export function draw({ title, text = {}, vision = {}, name, link, blocks: within, head, loss }) {
  const parts = [];
  const box = (x, y, w, h, kind, says = '') => {
    const stroke = kind === 'frozen' ? '#57606a' : '#bc4c00';
    parts.push(
      `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="4" fill="${colours[kind]}" stroke="${stroke}"/>`,
      says && label(x + w / 2, y + h / 2 + 4, says),
    );
  };
  const arrow = (x1, y1, x2, y2, dashed = '') =>
    parts.push(
      `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#57606a" marker-end="url(#tip)"${dashed && ' stroke-dasharray="4 3"'}/>`,
    );
  for (const [tower, y] of Object.entries(rows)) {
    const what = tower === 'text' ? text : vision;
    if (what.input) box(10, y, 62, 30, what.input, 'prompt');
    box(78, y, 82, 30, tower === 'text' && name ? 'learned' : 'frozen', tower === 'text' ? 'class name' : 'patches');
    arrow(160, y + 15, blocks[0] - 2, y + 15);
    for (const [i, x] of blocks.entries()) {
      box(x, y - 5, 55, 40, 'frozen', within ? '' : i === 1 ? '…' : 'block');
      if (within) parts.push(label(x + 27.5, y + 11, i === 1 ? '…' : 'block'));
      if (within) box(x + 3, y + 17, 49, 16, 'learned', within);
      if (what.deep && i > 0) {
        box(x + 2, y - 38, 51, 17, what.deep, 'prompt');
        arrow(x + 28, y - 21, x + 28, y - 7);
      }
      arrow(x + 55, y + 15, (blocks[i + 1] ?? 425) - 2, y + 15);
    }
    box(425, y, 70, 30, 'frozen', tower === 'text' ? 'text' : 'image');
  }
  arrow(495, 65, 523, 104);
  arrow(495, 165, 523, 128);
  box(525, 100, 65, 32, head ? 'learned' : 'frozen', head ? 'head' : 'logits');
  if (link) {
    if (link.from === 'image') {
      parts.push('<polyline points="460,182 460,205 41,205" fill="none" stroke="#57606a" stroke-dasharray="4 3"/>');
      parts.push(label(290, 200, link.says));
      arrow(41, 205, 41, 84, 'dashed');
    } else if (link.from === 'text') {
      arrow(41, 84, 41, 146, 'dashed');
      parts.push(label(49, 119, link.says, 'start'));
    } else {
      box(60, 97, 100, 24, 'learned', link.says);
      arrow(160, 104, 262, 89, 'dashed');
      arrow(160, 114, 262, 141, 'dashed');
    }
  }
  if (head) parts.push(label(590, 222, `Head: ${head}`, 'end'));
  if (loss) parts.push(label(590, 240, `Loss: ${loss}`, 'end'));
  parts.push(label(10, 22, title, 'start', 15), ...legend());
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif">
<title>${title}: where learned values enter</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>
<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="#ffffff"/>
${parts.filter(Boolean).join('\n')}
</svg>
`;
}

function label(x, y, says, anchor = 'middle', size = 12) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="#1f2328">${says}</text>`;
}

function legend() {
  return Object.entries({ frozen: 'frozen', learned: 'learned', made: 'made of learned values' }).flatMap(
    ([kind, says], i) => {
      const x = 10 + 80 * i;
      return [
        `<rect x="${x}" y="248" width="12" height="12" fill="${colours[kind]}" stroke="${kind === 'frozen' ? '#57606a' : '#bc4c00'}"/>`,
        label(x + 18, 258, says, 'start'),
      ];
    },
  );
}
