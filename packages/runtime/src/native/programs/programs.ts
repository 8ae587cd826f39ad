import { randomUUID } from 'node:crypto';
import { registerKernel, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import type { ProgramsAddon } from '../../../native/load.js';
import { attributeTypes, type Attribute, type Constant, graphDef } from './graph-def.js';
import { type NativeBackend, Recorder } from './recorder.js';

interface Call {
  readonly inputs: readonly TensorInfo[];
  readonly attrs: { readonly key: string; readonly compose: () => readonly TensorInfo[] };
  readonly backend: NativeBackend;
}

/** Numbers that programs read besides their arguments, as data that TensorFlow.js does not count as a tensor of its own. */
interface Held {
  readonly values: Constant['values'];
  readonly info: TensorInfo;
  programs: number;
}

interface Program {
  readonly name: string;
  readonly held: readonly Held[];
  readonly outputs: number;
  /** Number of the last call. */
  used: number;
}

/** Programs that are kept. */
const MOST = 256;
/** Numbers that are held for them, after which no other is recorded until an old one is given up. */
const MOST_HELD = 2 ** 26;
/** Calls, for each that is kept, after which one that was not used is given up for another: where more take turns, the first ones stay. */
const OLD = 8;
/** TensorFlow runs a program's operations one after the other where it is called, as those that are handed over. */
const options: readonly Attribute[] = [
  { name: 'executor_type', type: attributeTypes.string, value: 'SINGLE_THREADED_EXECUTOR' },
];

/**
 * Makes the kernel `PromptweaveProgram` of the backend 'tensorflow'. It runs `compose` with its inputs; what operations that hands over is
 * recorded when a key comes for the second time, and from then on TensorFlow runs the same as a function of its own. The key says everything
 * that changes the operations besides the types and shapes of the inputs.
 */
export function registerPrograms(backend: NativeBackend, addon: ProgramsAddon): void {
  const programs = new Programs(backend, addon);
  const kernelFunc = (call: Call): readonly TensorInfo[] => programs.run(call);
  registerKernel({
    kernelName: 'PromptweaveProgram',
    backendName: 'tensorflow',
    kernelFunc: kernelFunc as unknown as KernelConfig['kernelFunc'],
    disposeFunc: () => programs.forget(),
  });
}

/** Records programs, keeps so many of them, and runs them. */
export class Programs {
  readonly #programs = new Map<string, Program>();
  /** Keys that came once. */
  readonly #seen = new Set<string>();
  /** Keys of what is always composed, for a function would give other bits. */
  readonly #inexact = new Set<string>();
  readonly #held = new Map<Constant['values'], Held>();
  /** Names are TensorFlow's, of which a process may have another one's. */
  readonly #name = `promptweave_${randomUUID()}`;
  #recorder: Recorder | undefined;
  #calls = 0;
  #count = 0;
  #heldNumbers = 0;

  constructor(
    private readonly backend: NativeBackend,
    private readonly addon: ProgramsAddon,
    private readonly most = MOST,
    private readonly mostHeld = MOST_HELD,
  ) {
    const { write } = backend;
    const [single, multiple] = [backend.executeSingleOutput, backend.executeMultipleOutputs];
    backend.write = (...given) => {
      const dataId = write.apply(backend, given);
      this.#recorder?.wrote(dataId);
      return dataId;
    };
    backend.executeSingleOutput = (operation, attributes, inputs) =>
      this.#record(operation, attributes, inputs, () => [single.call(backend, operation, attributes, inputs)])[0]!;
    backend.executeMultipleOutputs = (operation, attributes, inputs, count) =>
      this.#record(operation, attributes, inputs, () => multiple.call(backend, operation, attributes, inputs, count));
  }

  run({ inputs, attrs }: Call): readonly TensorInfo[] {
    if (this.#recorder) return attrs.compose(); // a part of the program that is being recorded
    const key = `${attrs.key} ${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`)}${sharing(inputs)}`;
    const known = this.#programs.get(key);
    this.#calls++;
    if (known) {
      known.used = this.#calls;
      return this.backend.executeMultipleOutputs(
        known.name,
        options,
        [...inputs, ...known.held.map(({ info }) => info)],
        known.outputs,
      );
    }
    if (this.#inexact.has(key)) return attrs.compose();
    if (!this.#seen.has(key)) {
      for (const keys of [this.#seen, this.#inexact]) if (keys.size >= 4 * this.most) keys.clear();
      this.#seen.add(key);
      return attrs.compose();
    }
    if (!this.#makeRoom()) return attrs.compose();
    this.#recorder = new Recorder(this.backend, inputs);
    try {
      const outputs = attrs.compose();
      if (this.#recorder.isExact) this.#programs.set(key, this.#add(this.#recorder, outputs));
      else this.#inexact.add(key);
      return outputs;
    } finally {
      this.#recorder = undefined;
    }
  }

  /** Whether there is room for another program, once those that are old are given up. */
  #makeRoom(): boolean {
    if (this.#programs.size < this.most && this.#heldNumbers < this.mostHeld) return true;
    const old = [...this.#programs].filter(([, { used }]) => this.#calls - used >= OLD * this.most);
    this.#giveUp(old);
    return old.length > 0;
  }

  /** Gives up all of them. */
  forget(): void {
    this.#giveUp([...this.#programs]);
    this.#seen.clear();
  }

  #giveUp(programs: readonly [key: string, program: Program][]): void {
    if (programs.length === 0) return;
    this.addon.remove(programs.map(([, { name }]) => name));
    for (const [key, { held }] of programs) {
      this.#programs.delete(key);
      for (const one of held) this.#release(one);
    }
  }

  #record(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    execute: () => TensorInfo[],
  ): TensorInfo[] {
    const recorder = this.#recorder;
    if (!recorder) return execute();
    const names = recorder.inputs(operation, inputs);
    const outputs = execute();
    recorder.executed(operation, attributes, names, outputs);
    return outputs;
  }

  #add(recorder: Recorder, results: readonly TensorInfo[]): Program {
    const { nodes, inputs, outputs, held } = recorder.finish(results);
    const name = `${this.#name}_${this.#count++}`;
    this.addon.add(name, graphDef(nodes), inputs, outputs);
    return { name, outputs: outputs.length, held: held.map((constant) => this.#hold(constant)), used: this.#calls };
  }

  #hold({ values, shape }: Constant): Held {
    const held = this.#held.get(values) ?? this.#write(values, shape);
    held.programs++;
    return held;
  }

  #write(values: Constant['values'], shape: readonly number[]): Held {
    const dataId = this.backend.write(values, [...shape], 'float32');
    const held: Held = { values, info: { dataId, shape: [...shape], dtype: 'float32' }, programs: 0 };
    this.#held.set(values, held);
    this.#heldNumbers += values.length;
    return held;
  }

  #release(held: Held): void {
    if (--held.programs > 0) return;
    this.#held.delete(held.values);
    this.#heldNumbers -= held.values.length;
    this.backend.disposeData(held.info.dataId, true);
  }
}

/** Which inputs are one and the same, so that a program which was recorded with such inputs is not run with others. */
function sharing(inputs: readonly TensorInfo[]): string {
  const places = new Map(inputs.map(({ dataId }, i) => [dataId, i]));
  return places.size === inputs.length ? '' : ` as ${inputs.map(({ dataId }) => places.get(dataId))}`;
}
