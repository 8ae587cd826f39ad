import { describe, it } from 'vitest';
import { expectRefused, pickle, u32, zipOf } from './malformed.test.support.js';

/** Memo 0: a global; memo 1: a list or dictionary of `count` values. Then so many calls of the one with the other. */
const copies = (name: string, value: string, calls: number): Buffer =>
  pickle(`](c${name.replace('.', '\n')}\nq\x00${value}q\x01${'h\x00h\x01\x85R'.repeat(calls)}e.`);
const list = (count: number): string => `](${'N'.repeat(count)}e`;
const pairs = (count: number): string => {
  const entries = Array.from({ length: count }, (_, i) => `J${u32(i)}K\x01\x86`);
  return `](${entries.join('')}e`;
};
const dictionary = (count: number): string => {
  const entries = Array.from({ length: count }, (_, i) => `J${u32(i)}K\x01`);
  return `}(${entries.join('')}u`;
};

/** `count` tensors, each of the whole of one storage of `values` float32 values. */
function aliased(count: number, values: number, shape: string, strides: string): Buffer {
  const id = `(X${u32(7)}storagectorch\nFloatStorage\nX${u32(1)}0X${u32(3)}cpuJ${u32(values)}tQ`;
  const tensors = Array.from({ length: count }, (_, i) => {
    const name = `t${i}`;
    const storage = i === 0 ? `${id}q\x00` : 'h\x00';
    return `X${u32(name.length)}${name}ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00(${shape}t(${strides}t\x89}tR`;
  });
  const description = Buffer.from(`\x80\x02}(${tensors.join('')}u.`, 'latin1');
  return zipOf({ 'a/data.pkl': description, 'a/data/0': new Uint8Array(4 * values) });
}

describe('small files that would fill the memory, or take hours', () => {
  it.each([
    ['a list copied 60,000 times', copies('builtins.list', list(100_000), 60_000), /makes more than/],
    ['a tuple, in Python 2', copies('__builtin__.tuple', list(100_000), 60_000), /makes more than/],
    ['a size of tensors', copies('torch.Size', list(100_000), 60_000), /makes more than/],
    ['a dictionary', copies('builtins.dict', dictionary(30_000), 60_000), /makes more than/],
    ['a dictionary of pairs', copies('collections.OrderedDict', pairs(30_000), 60_000), /makes more than/],
    [
      'a tensor with 100,000 sizes',
      pickle(`](${list(100_000)}q\x01${'ctorch._utils\n_rebuild_tensor_v2\n(NK\x00h\x01h\x01tR'.repeat(10_000)}e.`),
      /not described/,
    ],
    [
      'a copy within a copy',
      pickle(
        `](${list(100_000)}q\x01${'ctorch._tensor\n_rebuild_from_type_v2\n(cbuiltins\nlist\nNh\x01\x85tR'.repeat(9000)}e.`,
      ),
      /no known function/,
    ],
    [
      'a call of itself without end',
      pickle('ctorch._tensor\n_rebuild_from_type_v2\nq\x00]q\x01(h\x00Nh\x01eR.'),
      /no known function/,
    ],
    ['tuples 300,000 deep', pickle(`)${'\x85'.repeat(300_000)}.`), /a list, not a state dictionary/],
    [
      'lists 100,000 deep within a dictionary',
      pickle(`}X${u32(1)}w${']('.repeat(100_000)}${'e'.repeat(100_000)}s.`),
      /no tensors/,
    ],
    ['9,000 tensors of one storage', aliased(9_000, 65_536, `J${u32(65_536)}`, 'K\x01'), /lie over each other/],
    ['9,000 tensors that span one storage', aliased(9_000, 65_536, 'K\x02', `J${u32(65_535)}`), /lie over each other/],
  ])('%s', (_, file, message) => expectRefused(file, 'pt', message));

  const withHeader = (text: string): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    return Buffer.concat([size, Buffer.from(text)]);
  };
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  it.each([
    ['a type nested without end', `{"w":{"dtype":${deep},"shape":[1],"data_offsets":[0,4]}}`, /nested without end/],
    ['a shape nested without end', `{"w":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`, /nested without end/],
    [
      'a name of 20 MB',
      `{"${'w'.repeat(20_000_000)}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`,
      /20000000 characters/,
    ],
    [
      'a shape of a million sizes',
      `{"w":{"dtype":"F32","shape":[${'2,'.repeat(1_000_000)}2],"data_offsets":[0,4]}}`,
      /needs Infinity bytes/,
    ],
  ])('%s in a header of safetensors', (_, text, message) => expectRefused(withHeader(text), 'safetensors', message));

  it('members of an archive that lie over each other', () => {
    const [description, values] = [Buffer.from('}.'), new Uint8Array(16)];
    const zip = zipOf({ 'a/data.pkl': description, 'a/data/0': values, 'a/data/1': values });
    const at = (name: string): number => zip.lastIndexOf(name) - 4; // where the directory says that a member begins
    zip.copy(zip, at('a/data/1'), at('a/data/0'), at('a/data/0') + 4);
    return expectRefused(zip, 'bin', /lie over each other/);
  });
});
