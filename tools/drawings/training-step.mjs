import { arrow, box, label, legend, svg, way } from './shapes.mjs';

/** The way of one training step through the code; the numbers are those of docs/concepts.md. */
export function trainingStep() {
  const file = (x, y, name) => label(x, y, name, 'middle', 10);
  const number = (x, y, n) => [
    `<circle cx="${x}" cy="${y}" r="8" fill="#1f2328"/>`,
    `<text x="${x}" y="${y + 3.5}" text-anchor="middle" font-size="10" fill="#ffffff">${n}</text>`,
  ];
  return svg('One training step', 600, 390, [
    label(10, 22, 'One training step', 'start', 15),
    // what is learned
    ...box(28, 45, 104, 30, 'learned', 'label aligner'),
    ...box(28, 100, 104, 30, 'learned', 'prompt learner'),
    ...number(28, 45, 2),
    arrow(132, 60, 168, 76),
    label(152, 58, 'names', 'middle', 10),
    arrow(132, 112, 168, 92),
    label(152, 120, 'vectors', 'middle', 10),
    // the text side
    ...box(170, 68, 104, 30, 'made', 'texts'),
    ...number(274, 68, 3),
    file(222, 112, 'assemble-text.ts'),
    arrow(274, 83, 318, 83),
    ...box(320, 68, 104, 30, 'frozen', 'text tower'),
    ...number(320, 68, 4),
    arrow(424, 83, 474, 122),
    label(466, 95, 'text features', 'start', 10),
    // the image side
    ...box(28, 190, 104, 30, 'frozen', 'images'),
    ...number(28, 190, 1),
    file(80, 234, 'packages/datasets'),
    arrow(132, 205, 318, 205),
    label(225, 199, 'decoded and augmented', 'middle', 10),
    ...box(320, 190, 104, 30, 'frozen', 'vision tower'),
    way('110,130 110,160 372,160 372,188', { dashed: true, tip: true }),
    label(240, 155, 'vision prompts, where there are some', 'middle', 10),
    arrow(424, 205, 474, 152),
    label(470, 190, 'image features', 'start', 10),
    ...box(320, 235, 104, 26, 'frozen', 'kept features'),
    way('424,248 450,248 450,180', { dashed: true }),
    label(456, 240, 'where they are constant', 'start', 10),
    // the answer
    ...box(476, 118, 104, 38, 'learned', 'head'),
    ...number(580, 118, 5),
    way('580,137 592,137 592,310 582,310', { tip: true }),
    label(586, 282, 'logits', 'end', 10),
    // back
    ...box(476, 295, 104, 30, 'frozen', 'losses'),
    ...number(476, 295, 6),
    file(528, 339, 'forward-pass.ts'),
    arrow(476, 310, 426, 310),
    ...box(320, 295, 104, 30, 'frozen', 'gradients'),
    ...number(320, 295, 7),
    file(372, 339, 'classifier.ts'),
    arrow(320, 310, 276, 310),
    ...box(170, 295, 104, 30, 'frozen', 'gradient rule'),
    arrow(170, 310, 134, 310),
    ...box(28, 295, 104, 30, 'frozen', 'optimiser'),
    ...number(28, 295, 8),
    file(80, 339, 'trainer.ts'),
    way('28,310 12,310 12,60 26,60', { dashed: true, tip: true }),
    way('12,115 26,115', { dashed: true, tip: true }),
    label(18, 275, 'new values', 'start', 10),
    ...legend(366),
  ]);
}
