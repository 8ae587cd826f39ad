import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';
import { CheckpointError } from '../errors.js';
import { program } from '../model/program.js';
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

/** How variables are moved. */
interface Rule {
  /** What it remembers of each variable. */
  readonly slots: readonly string[];
  /** Numbers that are the same in every step. */
  readonly constants: readonly number[];
  /** Numbers of one step, the `step`th of the variable. */
  numbers(learningRate: number, step: number): readonly number[];
  /** Whether a variable's steps are counted. */
  readonly counts: boolean;
  move(
    value: tf.Tensor,
    gradient: tf.Tensor,
    memory: readonly tf.Tensor[] | undefined,
    constants: readonly tf.Tensor[],
    numbers: readonly tf.Tensor[],
  ): Moved;
}

/** The new value of a variable, and what to remember of it, slot after slot. */
interface Moved {
  readonly value: tf.Tensor;
  readonly memory: readonly tf.Tensor[];
}

/** Makes the optimiser that the settings name. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  const { optimizer, momentum, weightDecay, beta1, beta2, epsilon } = settings;
  const key = [optimizer, momentum, weightDecay, beta1, beta2, epsilon].join(' ');
  return new RuleOptimizer(optimizer === 'sgd' ? sgd(settings) : adam(settings), key);
}

/** v ← μ v + (g + λ w), the first v being g + λ w itself; w ← w − lr · v. */
function sgd({ momentum, weightDecay }: OptimizerSettings): Rule {
  return {
    slots: momentum === 0 ? [] : ['momentum'],
    constants: [weightDecay, momentum],
    counts: false,
    numbers: (learningRate) => [learningRate],
    move: (value, gradient, memory, [decay, factor], [rate]): Moved => {
      const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(value, decay!));
      if (momentum === 0) return { value: tf.sub(value, tf.mul(decayed, rate!)), memory: [] };
      const velocity = memory ? tf.add(tf.mul(memory[0]!, factor!), decayed) : decayed;
      return { value: tf.sub(value, tf.mul(velocity, rate!)), memory: [velocity] };
    },
  };
}

/** Adam (weight decay added to the gradient) and AdamW (taken off the value), both with bias correction. */
function adam({ optimizer, weightDecay, beta1, beta2, epsilon }: OptimizerSettings): Rule {
  const decoupled = optimizer === 'adamw';
  return {
    slots: ['first', 'second'],
    constants: [weightDecay, beta1, 1 - beta1, beta2, 1 - beta2],
    counts: true,
    numbers: (learningRate, step) => {
      // Both corrections of the bias go into numbers: √(v / c₂) + ε = (√v + ε √c₂) / √c₂.
      const root = Math.sqrt(1 - beta2 ** step);
      return [1 - learningRate * weightDecay, epsilon * root, (learningRate * root) / (1 - beta1 ** step)];
    },
    move: (value, gradient, memory, [decay, keep1, take1, keep2, take2], [shrink, small, rate]): Moved => {
      const start = decoupled ? tf.mul(value, shrink!) : value;
      const g = decoupled || weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(value, decay!));
      const first = tf.add(tf.mul(memory?.[0] ?? tf.zerosLike(value), keep1!), tf.mul(g, take1!));
      const second = tf.add(tf.mul(memory?.[1] ?? tf.zerosLike(value), keep2!), tf.mul(tf.square(g), take2!));
      const change = tf.mul(tf.div(first, tf.add(tf.sqrt(second), small!)), rate!);
      return { value: tf.sub(start, change), memory: [first, second] };
    },
  };
}

/** Name of the number of a variable's steps in the state. */
const STEP = 'step';

/** Applies a rule to every variable, all of them as one program, and keeps its memory. */
class RuleOptimizer implements Optimizer {
  private readonly memories = new Map<string, Memory>();
  private constants?: readonly tf.Tensor[];

  /** @param key says how the rule moves variables */
  constructor(
    private readonly rule: Rule,
    private readonly key: string,
  ) {}

  apply(
    variables: NamedVariables,
    gradients: Readonly<Record<string, tf.Tensor>>,
    learningRate: number,
    factors: Readonly<Record<string, number>> = {},
  ): void {
    const { slots, counts, move } = this.rule;
    const constants = (this.constants ??= this.rule.constants.map((value) => tf.keep(tf.scalar(value))));
    tf.tidy(() => {
      const numbers = new Map<string, readonly tf.Tensor[]>();
      const moving = Object.keys(variables).flatMap((name) => {
        const gradient = gradients[name];
        if (!gradient) return [];
        const former = this.memories.get(name);
        const step = counts ? (former ? former[STEP]!.dataSync()[0]! + 1 : 1) : 0;
        const rate = learningRate * (factors[name] ?? 1);
        const key = `${rate} ${step}`;
        const own = numbers.get(key) ?? this.rule.numbers(rate, step).map((value) => tf.scalar(value));
        numbers.set(key, own);
        const memory = former && slots.map((slot) => former[slot]!);
        return [{ name, variable: variables[name]!, gradient, former, memory, step, numbers: own }];
      });
      if (moving.length === 0) return;
      const inputs = moving.flatMap(({ variable, gradient, memory = [] }) => [variable, gradient, ...memory]);
      const all = [...numbers.values()];
      const given = [...inputs, ...constants, ...all.flat()];
      const key = `${this.key} ${moving.map(({ memory, numbers: own }) => `${all.indexOf(own)}${memory ? '+' : '-'}`)}`;
      const moved = program(key, given, () =>
        moving.flatMap(({ variable, gradient, memory, numbers: own }) => {
          const { value, memory: next } = move(variable, gradient, memory, constants, own);
          return [value, ...next];
        }),
      );
      moving.forEach(({ name, variable, former, step }, i) => {
        const [value, ...memory] = moved.slice(i * (1 + slots.length), (i + 1) * (1 + slots.length));
        variable.assign(value!);
        const next = Object.fromEntries(slots.map((slot, s) => [slot, memory[s]!]));
        this.memories.set(name, kept({ ...next, ...(counts && { [STEP]: tf.scalar(step, 'int32') }) }));
        if (former) tf.dispose(Object.values(former));
      });
    });
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
    const known = [...this.rule.slots, ...(this.rule.counts ? [STEP] : [])];
    const unknown = entries.find(({ slot }) => !known.includes(slot))?.key;
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
    tf.dispose([...(this.constants ?? [])]);
    this.constants = undefined;
  }

  private forget(): void {
    for (const memory of this.memories.values()) tf.dispose(Object.values(memory));
    this.memories.clear();
  }
}

/** Clones that outlive the tidy; a memory may hold the caller's gradient itself. */
function kept(memory: Memory): Memory {
  return Object.fromEntries(Object.entries(memory).map(([slot, tensor]) => [slot, tf.keep(tf.clone(tensor))]));
}
