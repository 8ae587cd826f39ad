import type { ModelDescription } from './model-description.js';

/** Shapes of a model's tensors by their names, but for those of programs and the number of prompt rows, n (−1 here). */
export function tensorShapes({
  vision,
  embedding,
  prompts,
  head,
  classNames,
}: ModelDescription): Map<string, number[]> {
  const { width, layers, imageSize, patchSize } = vision;
  const patches = Math.floor(imageSize / patchSize) ** 2;
  const shapes = new Map<string, number[]>([
    ['visual.conv1.weight', [width, 3, patchSize, patchSize]],
    ['visual.class_embedding', [width]],
    ['visual.positional_embedding', [1 + patches, width]],
    ['visual.proj', [width, embedding]],
    ['classes.texts', [classNames.length, embedding]],
  ]);
  const norm = (name: string): void => {
    for (const part of ['weight', 'bias']) shapes.set(`${name}.${part}`, [width]);
  };
  norm('visual.ln_pre');
  norm('visual.ln_post');
  for (let i = 0; i < layers; i++) {
    const block = `visual.transformer.resblocks.${i}`;
    norm(`${block}.ln_1`);
    norm(`${block}.ln_2`);
    shapes.set(`${block}.attn.in_proj_weight`, [3 * width, width]);
    shapes.set(`${block}.attn.in_proj_bias`, [3 * width]);
    shapes.set(`${block}.attn.out_proj.weight`, [width, width]);
    shapes.set(`${block}.attn.out_proj.bias`, [width]);
    shapes.set(`${block}.mlp.c_fc.weight`, [-1, width]);
    shapes.set(`${block}.mlp.c_fc.bias`, [-1]);
    shapes.set(`${block}.mlp.c_proj.weight`, [width, -1]);
    shapes.set(`${block}.mlp.c_proj.bias`, [width]);
  }
  if (prompts.shallow) shapes.set('prompts.shallow', [-1, width]);
  for (let i = 1; i <= prompts.deep; i++) shapes.set(`prompts.deep.${i}`, [-1, width]);
  for (let i = 0; i < (prompts.inserted?.count ?? 0); i++) shapes.set(`prompts.inserted.${i}`, [-1, width]);
  if (head.kind === 'linear') {
    shapes.set('classes.weight', [classNames.length, embedding]);
    shapes.set('classes.bias', [classNames.length]);
  }
  return shapes;
}
