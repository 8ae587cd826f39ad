import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';
import { CheckpointError } from '../errors.js';
import type { TrainSettings } from './settings.js';

/** What an optimiser is made from. */
export type OptimizerSettings = Pick<
  TrainSettings,
  'optimizer' | 'momentum' | 'weightDecay' | 'beta1' | 'beta2' | 'epsilon'
>;

/** Moves variables along their gradients, as PyTorch's optimiser of the same name. */
export interface Optimizer {
  /**
   * One step. A variable without a gradient is left as it is, and so is its state. The gradients stay the caller's.
   * @param factors of the learning rate, by variable; 1 where one is absent
   */
  apply(
    variables: NamedVariables,
    gradients: Readonly<Record<string, tf.Tensor>>,
    learningRate: number,
    factors?: Readonly<Record<string, number>>,
  ): void;
  /** What the optimiser remembers, by name. The tensors stay the optimiser's. */
  state(): Readonly<Record<string, tf.Tensor>>;
  /**
   * Takes over a state that `state()` gave. The tensors are copied.
   * @throws CheckpointError where the state belongs to another kind of optimiser
   */
  restore(state: Readonly<Record<string, tf.Tensor>>): void;
  dispose(): void;
}

/** What an optimiser remembers of one variable, by slot. */
type Memory = Readonly<Record<string, tf.Tensor>>;

/** The new value of a variable, and what to remember of it. */
interface Moved {
  readonly value: tf.Tensor;
  readonly memory: Memory;
}

/** How one variable is moved. */
type Rule = (
  value: tf.Tensor,
  gradient: tf.Tensor,
  learningRate: number,
  memory: Memory | undefined,
  /** The number as a tensor, which stays for the next steps: for what is the same in each of them. */
  constant: (value: number) => tf.Scalar,
) => Moved;

/** Makes the optimiser that the settings name. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  if (settings.optimizer === 'sgd') return new RuleOptimizer(sgd(settings), ['momentum']);
  return new RuleOptimizer(adam(settings), ['first', 'second', 'step']);
}

/** v ← μ v + (g + λ w), the first v being g + λ w itself; w ← w − lr · v. */
function sgd({ momentum, weightDecay }: OptimizerSettings): Rule {
  return (value, gradient, learningRate, memory, constant): Moved => {
    const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(value, constant(weightDecay)));
    if (momentum === 0) return { value: tf.sub(value, tf.mul(decayed, learningRate)), memory: {} };
    const factor = constant(momentum); // in the first step, too: no later one makes a tensor that stays
    const velocity = memory?.momentum ? tf.add(tf.mul(memory.momentum, factor), decayed) : decayed;
    return { value: tf.sub(value, tf.mul(velocity, learningRate)), memory: { momentum: velocity } };
  };
}

/** Adam (weight decay added to the gradient) and AdamW (taken off the value), both with bias correction. */
function adam({ optimizer, weightDecay, beta1, beta2, epsilon }: OptimizerSettings): Rule {
  return (value, gradient, learningRate, memory, constant): Moved => {
    const decoupled = optimizer === 'adamw';
    const start = decoupled ? tf.mul(value, 1 - learningRate * weightDecay) : value;
    const g = decoupled || weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(value, constant(weightDecay)));
    const step = memory ? memory.step!.dataSync()[0]! + 1 : 1;
    const first = tf.add(tf.mul(memory?.first ?? tf.zerosLike(value), constant(beta1)), tf.mul(g, constant(1 - beta1)));
    const second = tf.add(
      tf.mul(memory?.second ?? tf.zerosLike(value), constant(beta2)),
      tf.mul(tf.square(g), constant(1 - beta2)),
    );
    // Both corrections of the bias go into numbers: √(v / c₂) + ε = (√v + ε √c₂) / √c₂.
    const root = Math.sqrt(1 - beta2 ** step);
    const denominator = tf.add(tf.sqrt(second), epsilon * root);
    const change = tf.mul(tf.div(first, denominator), (learningRate * root) / (1 - beta1 ** step));
    return { value: tf.sub(start, change), memory: { first, second, step: tf.scalar(step, 'int32') } };
  };
}

/** Applies a rule to every variable and keeps its memory. */
class RuleOptimizer implements Optimizer {
  private readonly memories = new Map<string, Memory>();
  private readonly constants = new Map<number, tf.Scalar>();

  constructor(
    private readonly rule: Rule,
    private readonly slots: readonly string[],
  ) {}

  apply(
    variables: NamedVariables,
    gradients: Readonly<Record<string, tf.Tensor>>,
    learningRate: number,
    factors: Readonly<Record<string, number>> = {},
  ): void {
    for (const [name, variable] of Object.entries(variables)) {
      const gradient = gradients[name];
      if (!gradient) continue;
      const former = this.memories.get(name);
      tf.tidy(() => {
        const { value, memory } = this.rule(
          variable,
          gradient,
          learningRate * (factors[name] ?? 1),
          former,
          this.constant,
        );
        variable.assign(value);
        this.memories.set(name, kept(memory));
      });
      if (former) tf.dispose(Object.values(former));
    }
  }

  state(): Readonly<Record<string, tf.Tensor>> {
    const state: Record<string, tf.Tensor> = {};
    for (const [name, memory] of this.memories) {
      for (const [slot, tensor] of Object.entries(memory)) state[`${slot}/${name}`] = tensor;
    }
    return state;
  }

  restore(state: Readonly<Record<string, tf.Tensor>>): void {
    const entries = Object.entries(state).map(([key, tensor]) => {
      const slash = key.indexOf('/');
      return { key, slot: key.slice(0, slash), name: key.slice(slash + 1), tensor };
    });
    const unknown = entries.find(({ slot }) => !this.slots.includes(slot))?.key;
    if (unknown !== undefined) {
      throw new CheckpointError(`The optimiser has no state named "${unknown}".`, {
        where: unknown,
        remedy: 'Resume with the optimiser that the training was begun with.',
      });
    }
    this.forget();
    for (const { slot, name, tensor } of entries) {
      this.memories.set(name, { ...this.memories.get(name), ...kept({ [slot]: tensor }) });
    }
  }

  dispose(): void {
    this.forget();
    tf.dispose([...this.constants.values()]);
    this.constants.clear();
  }

  private forget(): void {
    for (const memory of this.memories.values()) tf.dispose(Object.values(memory));
    this.memories.clear();
  }

  private readonly constant = (value: number): tf.Scalar => {
    const known = this.constants.get(value) ?? tf.keep(tf.scalar(value));
    this.constants.set(value, known);
    return known;
  };
}

/** Clones that outlive the tidy; a memory may hold the caller's gradient itself. */
function kept(memory: Memory): Memory {
  return Object.fromEntries(Object.entries(memory).map(([slot, tensor]) => [slot, tf.keep(tf.clone(tensor))]));
}
