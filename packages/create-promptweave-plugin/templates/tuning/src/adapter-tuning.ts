import {
  disposeVariables,
  linear,
  SERVICES,
  variablesFrom,
  type Branch,
  type NamedVariables,
  type PartContext,
  type TowerTunings,
  type Tuning,
} from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** U ReLU(D x), added to the output of the last block of each tower; x is what the block's first layer norm gives. */
export class AdapterTuning implements Tuning {
  readonly variables: NamedVariables;
  private readonly lastBlocks: Readonly<Record<'text' | 'vision', number>>;

  /** @param rank rows of D [r, width]; U [width, r] is 0 at the start, so that the towers start as they are */
  constructor({ backbone, services }: PartContext, rank: number) {
    const { text, vision } = backbone.shape;
    const random = services.get(SERVICES.random);
    const start = (tower: string, width: number) => ({
      [`${tower}.down`]: random.normal([rank, width], width ** -0.5, `PLUGIN_NAME/${tower}.down`),
      [`${tower}.up`]: tf.zeros([width, rank]),
    });
    this.variables = variablesFrom({ ...start('text', text.width), ...start('vision', vision.width) });
    this.lastBlocks = { text: text.layers - 1, vision: vision.layers - 1 };
  }

  towers(): TowerTunings {
    const tuning = (tower: 'text' | 'vision') => ({
      blocks: { [this.lastBlocks[tower]]: { adapter: this.branch(tower) } },
    });
    return { text: tuning('text'), vision: tuning('vision') };
  }

  private branch(tower: string): Branch {
    return {
      variables: [this.variables[`${tower}.down`]!, this.variables[`${tower}.up`]!],
      apply: (x, variables) => {
        const [down, up] = variables as [tf.Tensor2D, tf.Tensor2D];
        return linear(tf.relu(linear(x, down)), up); // [N, r], then [N, width]
      },
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
