import { CheckpointError } from '@promptweave/core';
import { AllowedGlobal, InertObject, PickledTensor } from './pickled-values.js';

/** What an unpickler asks for, since pickles refer to things outside themselves. */
export interface PickleWorld {
  /** The allow-listed global of this name. @throws CheckpointError when it is not on the list */
  global(module: string, name: string): AllowedGlobal;
  /** The thing behind a persistent id. PyTorch refers to its storages so. */
  persistent(id: unknown): unknown;
}

/** Operations of one pickle: a ViT-L/14 needs 30,000, with Adam's state 90,000. */
const MOST_OPERATIONS = 400_000;
/** Values that one pickle may make, copies of lists and dictionaries included: some millions take some tens of megabytes. */
const MOST_VALUES = 2_000_000;
/** Bytes of one integer; PyTorch's own magic number has 10. */
const LONGEST_INTEGER = 16;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one pickle of protocol 2 to 5 without executing anything: a global is looked up in the allow-list of `world`,
 * calling it runs our own harmless function, and a state is only ever kept, never applied. Dictionaries become Maps;
 * lists, tuples and sets become arrays.
 *
 * A pickle is a program for a stack machine. Every operation that a state dictionary has no need of (aliases of the text
 * protocol, extension codes, out-of-band buffers, …) is refused by number, as is any length that leaves the bytes.
 *
 * @param start where the pickle begins in `bytes`
 * @param where file and member, for errors
 * @returns the value, and the position behind the pickle
 * @throws CheckpointError
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  world: PickleWorld,
  where: string,
): { value: unknown; end: number } {
  return new Unpickler(bytes, start, world, where).run();
}

class Unpickler {
  #bytes: Uint8Array;
  #view: DataView;
  #buffer: Buffer;
  #at: number;
  #world: PickleWorld;
  #where: string;
  #stack: unknown[] = [];
  /** Heights of the stack at the open marks. */
  #marks: number[] = [];
  /** Each global is looked up once. */
  #globals = new Map<string, AllowedGlobal>();
  #memo = new Map<number, unknown>();
  /** Values made so far. */
  #made = 0;

  constructor(bytes: Uint8Array, start: number, world: PickleWorld, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#world = world;
    this.#where = where;
  }

  run(): { value: unknown; end: number } {
    for (let count = 0; count < MOST_OPERATIONS; count++) {
      const operation = this.#u8();
      if (operation === 0x2e /* STOP */) return { value: this.#pop(), end: this.#at };
      if (!(this.#scalar(operation) || this.#container(operation) || this.#reference(operation))) {
        this.#fail(`Pickle operation 0x${operation.toString(16)} has no place in a state dictionary`);
      }
    }
    this.#fail(`The pickle has more than ${MOST_OPERATIONS} operations`);
  }

  /** Numbers, texts, bytes. */
  #scalar(operation: number): boolean {
    switch (operation) {
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#skip(4), true));
      case 0x4b: // BININT1
        return this.#push(this.#u8());
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#skip(2), true));
      case 0x8a: // LONG1
        return this.#push(this.#integer(this.#u8()));
      case 0x8b: // LONG4
        return this.#push(this.#integer(this.#u32()));
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#skip(8), false));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#u32()));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#u8()));
      case 0x8d: // BINUNICODE8
        return this.#push(this.#text(this.#u64()));
      case 0x54: // BINSTRING, a text of Python 2
        return this.#push(this.#latin1(this.#u32()));
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#latin1(this.#u8()));
      case 0x42: // BINBYTES
        return this.#push(this.#slice(this.#u32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#slice(this.#u8()));
      case 0x8e: // BINBYTES8
        return this.#push(this.#slice(this.#u64()));
      default:
        return false;
    }
  }

  /** Lists, tuples, sets and dictionaries. */
  #container(operation: number): boolean {
    switch (operation) {
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#push([]);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#take(operation - 0x84));
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        return this.#push(this.#marked());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#marked());
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x73: // SETITEM
        return this.#assign(this.#take(2));
      case 0x75: // SETITEMS
        return this.#assign(this.#marked());
      default:
        return false;
    }
  }

  /** Framing, the memo, globals, calls and objects. */
  #reference(operation: number): boolean {
    switch (operation) {
      case 0x80: // PROTO
        if (this.#u8() > 5) this.#fail('Pickle protocols after 5 are unknown');
        return true;
      case 0x95: // FRAME: a hint for buffering only
        this.#skip(8);
        return true;
      case 0x71: // BINPUT
        this.#memo.set(this.#u8(), this.#top());
        return true;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#top());
        return true;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return true;
      case 0x68: // BINGET
        return this.#recall(this.#u8());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#u32());
      case 0x63: // GLOBAL
        return this.#push(this.#global(this.#line(), this.#line()));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#take(2);
        if (typeof module !== 'string' || typeof name !== 'string') this.#fail('A global is not named by texts');
        return this.#push(this.#global(module, name));
      }
      case 0x51: // BINPERSID
        return this.#push(this.#world.persistent(this.#pop()));
      case 0x52: // REDUCE: call a global
      case 0x81: {
        // NEWOBJ: construct an instance of a global
        const [callee, args] = this.#take(2);
        if (!(callee instanceof AllowedGlobal) || !Array.isArray(args))
          this.#fail('A call of something that is no global');
        this.#spend(args);
        return this.#push(callee.call(args));
      }
      case 0x62: {
        // BUILD: the attributes of an object
        const state = this.#pop();
        const target = this.#top();
        if (target instanceof InertObject) target.state = state;
        else if (!(target instanceof Map || target instanceof PickledTensor)) this.#fail('A state for no object');
        return true;
      }
      default:
        return false;
    }
  }

  /** Counts what a call may copy: each operation adds one value, but a call as many as its arguments hold. */
  #spend(args: unknown[]): void {
    for (const value of args) {
      this.#made += Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1;
    }
    if (this.#made > MOST_VALUES) this.#fail(`The pickle makes more than ${MOST_VALUES} values`);
  }

  #fail(problem: string): never {
    throw new CheckpointError(`${problem} (byte ${this.#at}).`, {
      where: this.#where,
      remedy: 'The file is corrupt or was not written by torch.save: get it again, or convert it to safetensors.',
    });
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  /** The height below which the innermost mark forbids to reach. */
  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #pop(): unknown {
    return this.#take(1)[0];
  }

  #take(count: number): unknown[] {
    if (this.#stack.length - count < this.#floor()) this.#fail('The pickle takes more from its stack than is there');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #top(): unknown {
    if (this.#stack.length <= this.#floor()) this.#fail('The pickle looks at an empty stack');
    return this.#stack.at(-1);
  }

  #marked(): unknown[] {
    const height = this.#marks.pop();
    if (height === undefined) this.#fail('The pickle closes a list that it never opened');
    return this.#stack.splice(height);
  }

  #append(values: unknown[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) this.#fail('The pickle appends to something that is no list');
    for (const value of values) list.push(value);
    return true;
  }

  #assign(items: unknown[]): true {
    const target = this.#top();
    if (!(target instanceof Map) || items.length % 2 !== 0) this.#fail('The pickle sets items of no dictionary');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
    return true;
  }

  #recall(index: number): true {
    if (!this.#memo.has(index)) this.#fail(`The pickle recalls value ${index}, which it never stored`);
    return this.#push(this.#memo.get(index));
  }

  #global(module: string, name: string): AllowedGlobal {
    const key = `${module}\n${name}`;
    const known = this.#globals.get(key) ?? this.#world.global(module, name);
    this.#globals.set(key, known);
    return known;
  }

  /** Moves on by `length` bytes; gives the position before. */
  #skip(length: number): number {
    const position = this.#at;
    if (length > this.#bytes.byteLength - position) this.#fail('The pickle ends in the middle of a value');
    this.#at += length;
    return position;
  }

  #u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** A length of 64 bits; what exceeds the file fails in `#skip`. */
  #u64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  #slice(length: number): Uint8Array {
    const position = this.#skip(length);
    return this.#bytes.subarray(position, position + length);
  }

  #text(length: number): string {
    try {
      return utf8.decode(this.#slice(length));
    } catch (error) {
      if (error instanceof TypeError) this.#fail('A text in the pickle is not UTF-8');
      throw error;
    }
  }

  #latin1(length: number): string {
    const position = this.#skip(length);
    return this.#buffer.toString('latin1', position, position + length);
  }

  /** Two's complement, little-endian, any length. */
  #integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) this.#fail(`An integer of ${length} bytes`);
    const bytes = this.#slice(length);
    const unsigned = bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    const value = BigInt.asIntN(Math.max(1, 8 * length), unsigned);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 1024) this.#fail('The name of a global does not end');
    const text = this.#latin1(end - this.#at);
    this.#skip(1);
    return text;
  }
}
