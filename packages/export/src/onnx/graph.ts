import { ConfigError, type HostTensor } from '@promptweave/core';
import { attributeTypes, elementTypes, encodeOnnx, type ElementType } from './onnx-format.js';

/** The operators' version. 18 has resizing as Pillow does it. */
const OPSET = 18;
/** The first version of ONNX with these operators. */
const IR_VERSION = 8;

/** Bytes that a file may have, those of the graph left out: its format counts them in 31 bits. */
const MOST_BYTES = 2 ** 31 - 2 ** 20;

/** An attribute: whole numbers are integers; `{ float }` is a real number. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An input or an output: names or numbers of its dimensions. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
  readonly description: string;
}

/** A graph of ONNX that grows node by node. Values are known by their names. */
export class Graph {
  private readonly nodes: object[] = [];
  private readonly initializers = new Map<string, object>();
  private bytes = 0;

  /** Adds a node with one outcome. @param name of the outcome */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name?: string,
  ): string {
    return this.ops(type, inputs, attributes, [name ?? `${type}_${this.nodes.length}`])[0]!;
  }

  /** Adds a node with several outcomes. */
  ops(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly string[],
  ): readonly string[] {
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...encoded(value) }));
    this.nodes.push({ input: inputs, output: outputs, name: `${type}_${this.nodes.length}`, opType: type, attribute });
    return outputs;
  }

  /** Whole numbers as a constant vector, or a scalar. */
  integers(values: readonly number[] | number): string {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    const name = `int64 ${typeof values === 'number' ? values : `[${list.join()}]`}`;
    return this.put(name, 'int64', shape, bytesOf(BigInt64Array.from(list, BigInt)));
  }

  /** Real numbers as a constant, of any shape. */
  floats(values: readonly number[], shape: readonly number[]): string {
    const name = `float32 [${shape.join()}] ${values.join()}`;
    return this.put(name, 'float32', shape, bytesOf(Float32Array.from(values)));
  }

  /** The same in twice the precision. */
  doubles(values: readonly number[], shape: readonly number[]): string {
    const name = `float64 [${shape.join()}] ${values.join()}`;
    return this.put(name, 'float64', shape, bytesOf(Float64Array.from(values)));
  }

  /** A named tensor as a constant; the same name once. In float16 it is widened where it is used. */
  tensor(name: string, tensor: HostTensor, half?: (values: Float32Array) => Uint16Array, shape = tensor.shape): string {
    if (this.initializers.has(name)) return half ? `${name} widened` : name;
    const values = tensor.data();
    if (half && values instanceof Float32Array) {
      this.put(name, 'float16', shape, bytesOf(half(values)));
      return this.op('Cast', [name], { to: elementTypes.float32 }, `${name} widened`);
    }
    const type = values instanceof Float32Array ? 'float32' : 'int32';
    return this.put(name, type, shape, bytesOf(values));
  }

  /** The bytes of a model with this graph. @throws ConfigError where ONNX's files cannot hold them */
  encode(
    inputs: readonly Value[],
    outputs: readonly Value[],
    metadata: Readonly<Record<string, string>>,
    producer: string,
  ): Uint8Array {
    if (this.bytes > MOST_BYTES) {
      throw new ConfigError(
        `The ONNX file would have ${(this.bytes / 2 ** 30).toFixed(1)} GiB, and its format takes 2 at most.`,
        { where: 'ONNX', remedy: 'Store it in float16, or export a bundle.' },
      );
    }
    return encodeOnnx({
      irVersion: IR_VERSION,
      producerName: producer,
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: producer,
        node: this.nodes,
        initializer: [...this.initializers.values()],
        input: inputs.map(described),
        output: outputs.map(described),
      },
    });
  }

  private put(name: string, type: ElementType, dims: readonly number[], rawData: Uint8Array): string {
    if (!this.initializers.has(name)) this.bytes += rawData.byteLength;
    this.initializers.set(name, { name, dims: [...dims], dataType: elementTypes[type], rawData });
    return name;
  }
}

function encoded(value: Attribute): object {
  if (typeof value === 'string') return { type: attributeTypes.string, s: Buffer.from(value) };
  if (typeof value === 'number') return { type: attributeTypes.int, i: value };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  return { type: attributeTypes.ints, ints: [...value] };
}

function described({ name, type, shape, description }: Value): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, docString: description, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
