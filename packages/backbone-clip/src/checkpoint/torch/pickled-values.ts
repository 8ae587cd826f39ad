import type { StoredType } from '@promptweave/core';

/** A name on the allow-list, and what calling it gives. It has no effect outside its result. */
export class AllowedGlobal {
  /** Module and name, as in Python. */
  readonly qualified: string;
  /** Calls the global as a function or as a class. */
  readonly call: (args: unknown[]) => unknown;
  /** The type of the values, where the global is one of PyTorch's storage classes. */
  readonly storage?: StoredType;

  constructor(qualified: string, call: (args: unknown[]) => unknown, storage?: StoredType) {
    this.qualified = qualified;
    this.call = call;
    this.storage = storage;
  }
}

/** An instance of an allowed class: its class name and the state that was pickled with it, and no behaviour. */
export class InertObject {
  readonly className: string;
  state: unknown = null;

  constructor(className: string) {
    this.className = className;
  }
}

/** A run of values in the file, to which tensors refer. */
export interface PickledStorage {
  /** The storage's name in the archive. */
  readonly key: string;
  readonly dtype: StoredType;
  /** How many values it has. */
  readonly length: number;
  /** First value, where the reference is to a part of the storage (old files only). */
  readonly offset: number;
}

/** A tensor as a view of a storage. */
export class PickledTensor {
  readonly storage: PickledStorage;
  /** First value, counted in the storage. */
  readonly offset: number;
  readonly shape: number[];
  /** Distance between neighbours along each dimension, in values. */
  readonly strides: number[];

  constructor(storage: PickledStorage, offset: number, shape: number[], strides: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}
