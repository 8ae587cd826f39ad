import { inspectCheckpoint } from '@promptweave/backbone-clip';
import { describePreprocessing } from '@promptweave/core';

/** What a checkpoint is taken for. @throws CheckpointError saying why it cannot be loaded */
export async function describeCheckpoint(checkpoint: string, json = false): Promise<string> {
  const found = await inspectCheckpoint(checkpoint, process.cwd());
  if (json) return JSON.stringify(found, undefined, 2);
  const { vision, text, embedding } = found.shape;
  const rows: [string, string][] = [
    ['family', found.family],
    ['sizes of', found.sizesOf.length === 0 ? 'no released model that is known here' : found.sizesOf.join(', ')],
    [
      'images',
      `${vision.width}×${vision.layers}×${vision.heads}, patches of ${vision.patchSize} pixels, ` +
        `${vision.classToken === false ? 'no class token' : 'class token'}, ${vision.pooling === 'attention' ? 'pooling head' : 'read at the class token'}`,
    ],
    [
      'texts',
      `${text.width}×${text.layers}×${text.heads}, ${text.contextLength} places, ${found.tokens.toLocaleString('en')} tokens, ` +
        `${text.attention === 'full' ? 'full' : 'causal'} attention, read at the ${text.reads === 'last' ? 'last place' : 'end of text'}`,
    ],
    ['common space', `${embedding} values`],
    ['activation', found.activation],
    ['images are', describePreprocessing(found.preprocessing)],
  ];
  return [...rows.map(([name, value]) => `${name.padEnd(14)}${value}`), ...found.notes.map((note) => `- ${note}`)].join(
    '\n',
  );
}
