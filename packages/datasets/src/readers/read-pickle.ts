/** What a pickle of CIFAR holds. Byte strings are views of the file's bytes. */
export type Pickled = number | boolean | null | Buffer | Pickled[] | Map<string, Pickled> | PickledArray | PickledName;

/** A numpy array as it is pickled: `state` is [version, shape, element type, column order, bytes]. */
export interface PickledArray {
  readonly kind: 'array';
  state: Pickled;
}

/** A function or class that a pickle refers to, or an element type, by name. */
interface PickledName {
  readonly kind: 'name' | 'dtype';
  readonly name: string;
}

/** Bytes of the longest key of a dictionary; CIFAR's have at most 16. Longer ones could be copied again and again. */
const LONGEST_KEY = 256;

const ARRAY = /^numpy\.(core|_core)\.multiarray\._reconstruct$/;

/** A short byte string as text. Nothing else is made text: lists that hold each other have one without an end. */
function keyOf(value: Pickled | undefined): string {
  if (Buffer.isBuffer(value) && value.length <= LONGEST_KEY) return value.toString('utf8');
  throw new Error('a key of a dictionary is no short text');
}

/**
 * Reads a pickle of dictionaries, lists, numbers, byte strings and numpy arrays, as Python 2 wrote CIFAR's. It knows no other
 * operation and calls nothing.
 *
 * @throws Error naming the operation or the name that is not allowed, or the end of the file.
 */
export function readPickle(bytes: Buffer): Pickled {
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Pickled>();
  let at = 0;

  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('the file ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw new Error('the file ends too early');
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const pop = (): Pickled => {
    if (stack.length === 0) throw new Error('its stack is empty');
    return stack.pop() as Pickled;
  };
  const popMarked = (): Pickled[] => stack.splice(marks.pop() ?? 0);
  const top = (): Pickled => stack[stack.length - 1];
  const set = (pairs: Pickled[]): void => {
    const target = top();
    if (!(target instanceof Map)) throw new Error('it sets items of something that is no dictionary');
    for (let i = 0; i + 1 < pairs.length; i += 2) target.set(keyOf(pairs[i]), pairs[i + 1]);
  };
  const append = (values: Pickled[]): void => {
    const target = top();
    if (!Array.isArray(target)) throw new Error('it appends to something that is no list');
    for (const value of values) target.push(value);
  };
  const recall = (key: number): Pickled => {
    const value = memo.get(key);
    if (value === undefined) throw new Error(`it recalls ${key}, which was never kept`);
    return value;
  };
  const refer = (module: string, attribute: string): PickledName => {
    const name = `${module}.${attribute}`;
    if (ARRAY.test(name) || name === 'numpy.ndarray' || name === 'numpy.dtype') return { kind: 'name', name };
    throw new Error(`it refers to ${name.slice(0, 80)}, which is not allowed`);
  };
  const call = (parameters: Pickled, target: Pickled): Pickled => {
    const name =
      typeof target === 'object' && target !== null && 'kind' in target && 'name' in target ? target.name : '';
    if (ARRAY.test(name)) return { kind: 'array', state: null };
    if (name === 'numpy.dtype' && Array.isArray(parameters)) return { kind: 'dtype', name: keyOf(parameters[0]) };
    throw new Error('it calls something that is not allowed');
  };
  const build = (state: Pickled): void => {
    const target = top();
    if (typeof target === 'object' && target !== null && 'kind' in target && target.kind === 'array')
      target.state = state;
  };

  const operations: Record<string, () => void> = {
    '\x80': () => void take(1),
    '}': () => void stack.push(new Map()),
    ']': () => void stack.push([]),
    ')': () => void stack.push([]),
    '(': () => void marks.push(stack.length),
    q: () => void memo.set(take(1)[0], top()),
    r: () => void memo.set(take(4).readUInt32LE(), top()),
    h: () => void stack.push(recall(take(1)[0])),
    j: () => void stack.push(recall(take(4).readUInt32LE())),
    U: () => void stack.push(take(take(1)[0])),
    T: () => void stack.push(take(take(4).readUInt32LE())),
    X: () => void stack.push(take(take(4).readUInt32LE())),
    K: () => void stack.push(take(1)[0]),
    M: () => void stack.push(take(2).readUInt16LE()),
    J: () => void stack.push(take(4).readInt32LE()),
    N: () => void stack.push(null),
    '\x88': () => void stack.push(true),
    '\x89': () => void stack.push(false),
    c: () => void stack.push(refer(line(), line())),
    t: () => void stack.push(popMarked()),
    '\x85': () => void stack.push([pop()]),
    '\x86': () => void stack.push([pop(), pop()].reverse()),
    '\x87': () => void stack.push([pop(), pop(), pop()].reverse()),
    R: () => void stack.push(call(pop(), pop())),
    b: () => build(pop()),
    a: () => append([pop()]),
    e: () => append(popMarked()),
    s: () => set([pop(), pop()].reverse()),
    u: () => set(popMarked()),
  };
  for (;;) {
    const code = String.fromCharCode(take(1)[0]);
    if (code === '.') return pop();
    const operation = operations[code];
    if (!operation) throw new Error(`the operation ${JSON.stringify(code)} is not allowed`);
    operation();
  }
}
