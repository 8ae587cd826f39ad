import { ConfigError, type Backbone, type BlockLayer, type TunableWeights } from '@promptweave/core';

/** One of the two towers. */
export type Tower = 'text' | 'vision';

/** Which blocks of which towers learn. */
export interface PlaceOptions {
  readonly encoder: Tower | 'both';
  readonly textBlocks: 'all' | readonly number[];
  readonly visionBlocks: 'all' | readonly number[];
}

/** Blocks of each tower that learns. @throws ConfigError where a tower does not have a block */
export function learningBlocks(backbone: Backbone, options: PlaceOptions): Partial<Record<Tower, readonly number[]>> {
  const chosen = options.encoder === 'both' ? (['text', 'vision'] as const) : [options.encoder];
  return Object.fromEntries(chosen.map((tower) => [tower, blocksOf(backbone, tower, options[`${tower}Blocks`])]));
}

function blocksOf(backbone: Backbone, tower: Tower, blocks: 'all' | readonly number[]): readonly number[] {
  const { layers } = backbone.shape[tower];
  if (blocks === 'all') return Array.from({ length: layers }, (_, i) => i);
  const where = `tuning.${tower}Blocks`;
  const beyond = blocks.find((block) => block >= layers);
  if (beyond !== undefined) {
    throw new ConfigError(`There is no block ${beyond}: the ${tower} tower has ${layers} blocks.`, {
      where,
      remedy: `Blocks count from 0: take some of 0 to ${layers - 1}.`,
    });
  }
  const twice = blocks.find((block, i) => blocks.indexOf(block) !== i);
  if (twice !== undefined) {
    throw new ConfigError(`Block ${twice} is listed twice.`, { where, remedy: 'List each block once.' });
  }
  return blocks;
}

/** The frozen values of a backbone. @throws ConfigError where its towers cannot be tuned */
export function tunableOf({ tunable, name }: Backbone): TunableWeights {
  if (tunable) return tunable;
  throw new ConfigError(`The towers of the backbone "${name}" cannot be tuned.`, {
    where: 'tuning',
    remedy: 'Take tuning: none, or another backbone.',
  });
}

/** Name of a block in OpenAI's state dictionary. */
export function blockName(tower: Tower, block: number): string {
  return `${tower === 'vision' ? 'visual.' : ''}transformer.resblocks.${block}`;
}

/** Name of a linear layer within a block, as CLIP-LoRA's release splits them. */
export const layerNames: Readonly<Record<BlockLayer, string>> = {
  q: 'attn.q_proj',
  k: 'attn.k_proj',
  v: 'attn.v_proj',
  o: 'attn.proj',
  up: 'mlp.c_fc',
  down: 'mlp.c_proj',
};
