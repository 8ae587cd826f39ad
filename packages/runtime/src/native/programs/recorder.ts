import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { type Attribute, attributeTypes, type Constant, type Node } from './graph-def.js';

/** What tfjs-node's backend knows of a tensor. */
export interface TensorData {
  readonly shape: readonly number[];
  /** TensorFlow's number of the type. */
  readonly dtype: number;
  /** Numbers that were not handed to TensorFlow yet. */
  readonly values: Constant['values'] | null;
}

/** The part of tfjs-node's backend that programs see. */
export interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: object): TensorData };
  executeSingleOutput(operation: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): TensorInfo;
  executeMultipleOutputs(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): TensorInfo[];
  write(values: unknown, shape: number[], dtype: DataType): object;
  disposeData(dataId: object, force?: boolean): boolean;
}

/** Operations that were executed between arguments and results. */
export interface Recording {
  readonly nodes: readonly Node[];
  /** Names of the nodes that take the arguments, and of what is held for the program. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers that the program is given besides its arguments, always the same. */
  readonly held: readonly Constant[];
}

/** Numbers that a node of the program has itself; more of them are held beside it, once for all programs. */
const SMALL = 64;

/** Operations that tfjs-node hands over without the type of their input, which TensorFlow knows there and not in a program. */
const withoutType = new Set(['ExpandDims']);

/**
 * Operations that TensorFlow on a CPU hands to oneDNN where they stand in a function, and computes itself where they are executed by themselves:
 * their last bits differ.
 */
const otherBits = new Set(['Softmax', 'AddN']);

/** Takes down what the backend executes. */
export class Recorder {
  /** Whether a function of it computes the same, to the bit. */
  isExact = true;
  readonly #nodes: Node[] = [];
  readonly #inputs: string[] = [];
  readonly #held: Constant[] = [];
  /** The output of a node that is a tensor's data. */
  readonly #origin = new Map<object, string>();
  /**
   * Constant indices as 64-bit numbers. Those of 32 bits lie in the host's memory, and an operation of a GPU that reads them waits for their copy
   * at each call.
   */
  readonly #wide = new Map<object, string>();
  /** Data that was made within the program. */
  readonly #made = new Set<object>();

  constructor(
    private readonly backend: NativeBackend,
    arguments_: readonly TensorInfo[],
  ) {
    for (const argument of arguments_) {
      const place = this.#placeholder(this.backend.tensorMap.get(argument.dataId).dtype);
      if (!this.#origin.has(argument.dataId)) this.#origin.set(argument.dataId, place);
    }
  }

  wrote(dataId: object): void {
    this.#made.add(dataId);
  }

  /** Before an operation is executed: its inputs, by then not handed to TensorFlow. */
  inputs(operation: string, inputs: readonly TensorInfo[]): string[] {
    return inputs.map(({ dataId }, i) => {
      const isIndices = this.backend.isUsingGpuDevice && operation === 'GatherV2' && i === 1;
      const known = (isIndices && this.#wide.get(dataId)) || this.#origin.get(dataId);
      if (known) return known;
      const { dtype, shape, values } = this.backend.tensorMap.get(dataId);
      if (!values || !this.#made.has(dataId)) {
        throw new Error(`A program's ${operation} reads a tensor [${shape}] that is none of its arguments.`);
      }
      const constant = { dtype, shape, values };
      const origin = this.#constant(constant);
      this.#origin.set(dataId, origin);
      if (!isIndices) return origin;
      const wide = this.#constant(widened(constant));
      this.#wide.set(dataId, wide);
      return wide;
    });
  }

  executed(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly string[],
    outputs: readonly TensorInfo[],
  ): void {
    const typed = attributes.length > 0 || !withoutType.has(operation) ? attributes : [this.#typeOf(outputs[0]!)];
    if (otherBits.has(operation) && !this.backend.isUsingGpuDevice) this.isExact = false;
    const isWide = operation === 'GatherV2' && [...this.#wide.values()].includes(inputs[1]!);
    const own = isWide ? typed.map((one) => (one.name === 'Tindices' ? { ...one, value: INT64 } : one)) : typed;
    const name = this.#add(operation, own, inputs);
    outputs.forEach(({ dataId }, i) => this.#origin.set(dataId, `${name}:${i}`));
  }

  #typeOf({ dataId }: TensorInfo): Attribute {
    return typed('T', this.backend.tensorMap.get(dataId).dtype);
  }

  finish(outputs: readonly TensorInfo[]): Recording {
    return {
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: this.inputs('result', outputs),
      held: this.#held,
    };
  }

  #add(operation: string, attributes: Node['attributes'], inputs: readonly string[]): string {
    const name = `n${this.#nodes.length}`;
    this.#nodes.push({ name, operation, attributes, inputs });
    return name;
  }

  #placeholder(dtype: number): string {
    const name = `${this.#add('Placeholder', [typed('dtype', dtype)], [])}:0`;
    this.#inputs.push(name);
    return name;
  }

  #constant(constant: Constant): string {
    const { dtype, values } = constant;
    if (values.length > SMALL && values instanceof Float32Array) {
      this.#held.push(constant);
      return this.#placeholder(dtype);
    }
    return `${this.#add('Const', [typed('dtype', dtype), { name: 'value', constant }], [])}:0`;
  }
}

/** TensorFlow's number of the type. */
const INT64 = 9;

const widened = ({ shape, values }: Constant): Constant => ({
  dtype: INT64,
  shape,
  values: BigInt64Array.from(values as Int32Array, BigInt),
});

const typed = (name: string, value: number): Attribute => ({ name, type: attributeTypes.type, value });
