import * as shapes from './shapes.mjs';

const { label, legend, svg, way } = shapes;

/** Draws a method: two frozen towers in grey, what is learned in orange, what follows from learned values with an orange frame. */
const [WIDTH, HEIGHT] = [600, 270];
const rows = { text: 50, vision: 150 };
const blocks = [190, 265, 340];

export function draw({ title, text = {}, vision = {}, name, link, blocks: within, head, loss, readsText = 'yes' }) {
  const parts = [];
  const box = (...given) => parts.push(...shapes.box(...given));
  const arrow = (...given) => parts.push(shapes.arrow(...given));
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
  if (readsText !== 'no') arrow(495, 65, 523, 104, readsText === 'start' ? 'dashed' : '');
  arrow(495, 165, 523, 128);
  box(525, 100, 65, 32, head ? 'learned' : 'frozen', head ? 'head' : 'logits');
  if (link) {
    if (link.from === 'image') {
      parts.push(way('460,182 460,205 41,205', { dashed: true }));
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
  parts.push(label(10, 22, title, 'start', 15), ...legend(248));
  return svg(`${title}: where learned values enter`, WIDTH, HEIGHT, parts);
}
