import { CheckpointError, type StateDict } from '@promptweave/core';

/** A tensor's name in a file of CLIP-LoRA: the number of an adapted block, its layer, and one of the two factors. */
const NAME = /^weights\.layer_(\d+)\.((?:q_|k_|v_)?proj\.w_lora_[AB])$/;

/** Our name of a block's layer, such as `visual.transformer.resblocks.3.attn.q_proj.w_lora_A`. */
const BLOCK = /^((?:visual\.)?transformer\.resblocks\.(\d+)\.attn\.)(?:q_|k_|v_)?proj\.w_lora_[AB]$/;

/** The blocks that CLIP-LoRA's `position` means; they are numbers of blocks, for towers of 12. */
const POSITIONS: Readonly<Record<string, readonly number[]>> = {
  top: [11],
  top1: [11],
  top2: [10, 11],
  top3: [9, 10, 11],
  bottom: [0, 1, 2, 3],
  mid: [4, 5, 6, 7],
  up: [8, 9, 10, 11],
  'half-up': [6, 7, 8, 9, 10, 11],
  'half-bottom': [0, 1, 2, 3, 4, 5],
  all: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

/** Where a classifier has low-rank changes. */
export interface LoraPlaces {
  /** Names of what it learns. */
  readonly variables: Iterable<string>;
  /** The tuning of its configuration. */
  readonly tuning: { readonly use: string; readonly [option: string]: unknown };
  /** Blocks of both towers. */
  readonly layers: { readonly text: number; readonly vision: number };
}

/** Whether CLIP-LoRA's own function wrote a file. */
export function isClipLora(tensors: StateDict): boolean {
  return tensors.size > 0 && [...tensors.keys()].every((name) => NAME.test(name));
}

/**
 * Its values under our names. The file numbers the adapted blocks on, those of the text tower first; which they are stands in its metadata
 * alone.
 * @throws CheckpointError where the configuration means another number of blocks, other blocks, or another factor
 */
export function clipLoraValues(
  { tensors, values }: { readonly tensors: StateDict; readonly values: Readonly<Record<string, unknown>> },
  { variables, tuning, layers }: LoraPlaces,
  where: string,
): StateDict {
  const fail = (message: string, remedy: string): never => {
    throw new CheckpointError(message, { where, remedy });
  };
  if (tuning.use !== 'lora') {
    fail(`The file holds low-rank changes of CLIP-LoRA, and the tuning is "${tuning.use}".`, 'Set tuning.use=lora.');
  }
  if (tuning['scaling'] !== 'root') {
    fail("CLIP-LoRA's code has the factor α/√r, and tuning.scaling is another one.", 'Set tuning.scaling=root.');
  }
  for (const option of ['alpha', 'encoder'] as const) {
    const there = values[`metadata.${option}`];
    if (there === undefined || there === tuning[option]) continue;
    fail(
      `It was trained with ${option} ${String(there)}, and tuning.${option} is ${String(tuning[option])}.`,
      `Set tuning.${option}=${String(there)}.`,
    );
  }
  const blocks = adaptedBlocks(variables);
  requirePosition(values['metadata.position'], blocks, layers, fail);
  const numbers = new Set([...tensors.keys()].map((name) => Number(NAME.exec(name)![1])));
  if (numbers.size !== blocks.length || Math.max(...numbers) !== blocks.length - 1) {
    fail(
      `It has low-rank changes of ${numbers.size} blocks, the classifier of ${blocks.length}.`,
      'Set tuning.encoder, tuning.textBlocks and tuning.visionBlocks to what it was trained with.',
    );
  }
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const [, number, layer] = NAME.exec(name)!;
      return [`${blocks[Number(number)]!.prefix}${layer}`, tensor];
    }),
  );
}

interface Block {
  readonly prefix: string;
  readonly tower: 'text' | 'vision';
  readonly number: number;
}

/** The blocks with low-rank changes of their attention, in the file's order. */
function adaptedBlocks(variables: Iterable<string>): Block[] {
  const found = new Map<string, Block>();
  for (const name of variables) {
    const match = BLOCK.exec(name);
    if (!match) continue;
    const [, prefix, number] = match as unknown as [string, string, string];
    found.set(prefix, { prefix, tower: prefix.startsWith('visual.') ? 'vision' : 'text', number: Number(number) });
  }
  return [...found.values()].sort((a, b) => a.tower.localeCompare(b.tower) || a.number - b.number);
}

function requirePosition(
  position: unknown,
  blocks: readonly Block[],
  layers: LoraPlaces['layers'],
  fail: (message: string, remedy: string) => never,
): void {
  if (typeof position !== 'string' || !Object.hasOwn(POSITIONS, position)) return;
  for (const tower of ['text', 'vision'] as const) {
    const present = blocks.filter((block) => block.tower === tower).map(({ number }) => number);
    if (layers[tower] !== 12 || present.length === 0 || present.join() === POSITIONS[position]!.join()) continue;
    fail(
      `It was trained with position "${position}", blocks ${POSITIONS[position]!.join(', ')}, and the classifier has changes in blocks ${present.join(', ')} of the ${tower} tower.`,
      `Set tuning.${tower}Blocks=[${POSITIONS[position]!.join(', ')}].`,
    );
  }
}
