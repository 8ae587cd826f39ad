import type { Tensor } from '@tensorflow/tfjs-core';

/** What a part asks a service by, see `SERVICES`. */
export type ServiceToken<T> = symbol & {
  /** Never there; it gives the token the type of its service. */
  readonly service?: T;
};

/** What the program offers to the parts of an experiment. */
export interface Services {
  /** @throws ConfigError where the program does not offer it */
  get<T>(token: ServiceToken<T>): T;
}

/** Tells people something; it goes into the run's `log.txt` and onto the terminal. One sentence a message. */
export interface Logger {
  /** What was done or chosen; nothing to worry about. */
  info(message: string): void;
  /** What they should know before they trust the result; it stands in `result.json`, too. */
  warn(message: string): void;
}

/** Random numbers of a run: a function of its seed and of a name, whatever ran before. The caller owns the tensors. */
export interface RandomNumbers {
  /** N(0, deviation²). */
  normal(shape: number[], deviation: number, name: string): Tensor;
  /** U(−bound, bound). */
  uniform(shape: number[], bound: number, name: string): Tensor;
}
