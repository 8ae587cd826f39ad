import {
  ConfigError,
  type TransformerShape,
  type ImageRequest,
  type InsertedRows,
  type Prompts,
  type PromptedText,
  type TextRequest,
  type TowerTuning,
} from '@promptweave/core';

/** @throws ConfigError where something is to enter or to be learned at a block that the text tower does not have */
export function checkText(
  { inserted, ofClasses, lengths, prefix }: PromptedText,
  { tuning, blocks }: TextRequest,
  { layers, attention }: TransformerShape['text'],
  startRows: number,
): void {
  const steps = blocks?.length ?? layers;
  checkInserted('text', inserted, steps);
  if (inserted && attention === 'full') {
    throw new ConfigError('No rows can be inserted into this text tower: its texts fill the whole context.', {
      where: 'prompt',
      remedy: 'Choose another prompt, or a backbone with a causal text tower.',
    });
  }
  if (ofClasses) {
    const [classes, n] = ofClasses.rows.shape;
    checkBlock('text', ofClasses.block, 1, steps, 'prompt');
    if (classes !== lengths.length || startRows + n > prefix.shape[0]) {
      throw new ConfigError(
        `The rows of single classes are [${ofClasses.rows.shape.join(', ')}], for ${lengths.length} classes of ${prefix.shape[0] - startRows} shared rows.`,
        { where: 'prompt', remedy: 'Give n rows for each class, of a context of n shared vectors.' },
      );
    }
  }
  checkTuning('text', tuning, layers);
  if (tuning?.lnPre) {
    throw new ConfigError('The text tower has no layer norm before its first block.', { where: 'tuning' });
  }
}

/** @throws ConfigError where something is to enter or to be learned at a block that the vision tower does not have */
export function checkPrompts(
  prompts: Prompts | undefined,
  { tuning }: ImageRequest,
  { layers, classToken = true, pooling }: TransformerShape['vision'],
  lnPre: boolean,
): void {
  checkInserted('vision', prompts?.inserted, layers);
  if (prompts?.inserted && (!classToken || pooling === 'attention')) {
    throw new ConfigError('No rows can be inserted after the class token: this vision tower is not read at one.', {
      where: 'prompt',
      remedy: 'Choose another prompt, or a backbone that is read at its class token.',
    });
  }
  checkTuning('vision', tuning, layers);
  if (tuning?.lnPre && !lnPre) {
    throw new ConfigError('This vision tower has no layer norm before its first block.', { where: 'tuning' });
  }
}

function checkInserted(tower: string, inserted: InsertedRows | undefined, layers: number): void {
  if (!inserted) return;
  const { block, rows } = inserted;
  if (rows.length === 0) {
    throw new ConfigError(`No rows are given to be inserted into the ${tower} tower.`, { where: 'prompt' });
  }
  checkBlock(tower, block, 1, layers, 'prompt');
  checkBlock(tower, block + rows.length - 1, 1, layers, 'prompt');
}

function checkTuning(tower: string, tuning: TowerTuning | undefined, layers: number): void {
  for (const block of Object.keys(tuning?.blocks ?? {})) checkBlock(tower, Number(block), 0, layers, 'tuning');
}

function checkBlock(tower: string, block: number, first: number, layers: number, where: string): void {
  if (Number.isInteger(block) && block >= first && block < layers) return;
  throw new ConfigError(`Block ${block} of the ${tower} tower is asked for, which runs ${layers} blocks.`, {
    where,
    remedy: `Blocks count from 0: take one from ${first} to ${layers - 1}.`,
  });
}
