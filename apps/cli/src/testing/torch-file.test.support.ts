import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** A tensor to be saved, float32 or int64, row-major. */
export class SavedTensor {
  constructor(
    readonly values: Float32Array | BigInt64Array,
    readonly shape: readonly number[],
  ) {}
}

/** What a test saves: nested dictionaries of tensors and plain values. */
export type Saved = SavedTensor | number | string | null | readonly Saved[] | { readonly [name: string]: Saved };

/** Writes a value as `torch.save` does: a zip archive with a pickle of protocol 2 and one member for each storage. */
export function torchSave(path: string, value: Saved): void {
  const storages: Buffer[] = [];
  const pickle = Buffer.concat([Buffer.from([0x80, 2]), pickled(value, storages), Buffer.from('.')]);
  const members: [string, Buffer][] = [
    ['archive/data.pkl', pickle],
    ['archive/byteorder', Buffer.from('little')],
    ...storages.map((bytes, key): [string, Buffer] => [`archive/data/${key}`, bytes]),
    ['archive/version', Buffer.from('3\n')],
  ];
  writeFileSync(path, zipped(members));
}

function pickled(value: Saved, storages: Buffer[]): Buffer {
  const of = (one: Saved): Buffer => pickled(one, storages);
  if (value === null) return Buffer.from('N');
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (value instanceof SavedTensor) return tensor(value, storages);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from(']('), ...value.map(of), Buffer.from('e')]);
  const items = Object.entries(value).flatMap(([name, one]) => [text(name), of(one as Saved)]);
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`. */
function tensor({ values, shape }: SavedTensor, storages: Buffer[]): Buffer {
  const key = String(storages.length);
  storages.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
  const tuple = (numbers: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from('('), ...numbers.map(number), Buffer.from('t')]);
  const storage = values instanceof BigInt64Array ? 'LongStorage' : 'FloatStorage';
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    Buffer.from('(('),
    ...[text('storage'), global('torch', storage), text(key), text('cpu'), number(values.length)],
    Buffer.from('tQ'),
    ...[number(0), tuple(shape), tuple(strides), Buffer.from([0x89])],
    ...[global('collections', 'OrderedDict'), Buffer.from(')RtR')],
  ]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('X'), length, bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(Number.isInteger(value) ? 5 : 9);
  if (Number.isInteger(value)) bytes.writeInt32LE(value, 1);
  else bytes.writeDoubleBE(value, 1);
  bytes.write(Number.isInteger(value) ? 'J' : 'G');
  return bytes;
}

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

/** An archive without compression. */
function zipped(members: readonly (readonly [string, Buffer])[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, content] of members) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 0]);
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), made, common, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
