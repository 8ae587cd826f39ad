/** An attribute as tfjs-node hands it to its binding; `type` is one of the binding's `TF_ATTR_*`. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Values that an operation of a program reads and that are always the same. */
export interface Constant {
  /** TensorFlow's number of the type. */
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array | BigInt64Array;
}

/** One operation of a program. */
export interface Node {
  readonly name: string;
  readonly operation: string;
  /** Outputs of others, `node:index`. */
  readonly inputs: readonly string[];
  readonly attributes: readonly (Attribute | { readonly name: string; readonly constant: Constant })[];
}

/** The kinds of attributes, `TF_AttrType` of TensorFlow's C API. */
export const attributeTypes = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/** The operations as TensorFlow's GraphDef, serialised (protocol buffers: graph.proto, node_def.proto, attr_value.proto, tensor.proto). */
export function graphDef(nodes: readonly Node[]): Uint8Array {
  return Buffer.concat(nodes.map((node) => field(1, nodeDef(node))));
}

function nodeDef({ name, operation, inputs, attributes }: Node): Buffer {
  return Buffer.concat([
    field(1, text(name)),
    field(2, text(operation)),
    ...inputs.map((input) => field(3, text(input))),
    ...attributes.map((attribute) => {
      const value = 'constant' in attribute ? field(8, tensor(attribute.constant)) : attributeValue(attribute);
      return field(5, Buffer.concat([field(1, text(attribute.name)), field(2, value)]));
    }),
  ]);
}

/** AttrValue: a list of a kind is field 1, whose own fields have the same numbers as single values. */
function attributeValue({ name, type, value }: Attribute): Buffer {
  const single = (one: unknown): Buffer => {
    switch (type) {
      case attributeTypes.string:
        return field(2, text(String(one)));
      case attributeTypes.int:
        return number(3, Number(one));
      case attributeTypes.float:
        return real(4, Number(one));
      case attributeTypes.bool:
        return number(5, Number(one));
      case attributeTypes.type:
        return number(6, Number(one));
      case attributeTypes.shape:
        return field(7, shape(one as number[]));
      default:
        throw new TypeError(`The attribute ${name} has a type, ${type}, that programs do not know.`);
    }
  };
  if (!Array.isArray(value) || type === attributeTypes.shape) return single(value);
  return field(1, Buffer.concat(value.map(single)));
}

function tensor({ dtype, shape: dimensions, values }: Constant): Buffer {
  const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([number(1, dtype), field(2, shape(dimensions)), field(4, content)]);
}

const shape = (dimensions: readonly number[]): Buffer =>
  Buffer.concat(dimensions.map((size) => field(2, number(1, size))));

const text = (value: string): Buffer => Buffer.from(value, 'utf8');

/** A field that has a length. */
const field = (id: number, content: Buffer): Buffer =>
  Buffer.concat([varint((id << 3) | 2), varint(content.length), content]);

const number = (id: number, value: number): Buffer => Buffer.concat([varint(id << 3), varint(value)]);

function real(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((id << 3) | 5), bytes]);
}

/** Seven bits a byte, the lowest first; negative numbers as 64 bits. */
function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
