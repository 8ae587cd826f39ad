import { bytesPerValue, CheckpointError, type RandomAccessFile } from '@promptweave/core';
import { allowedGlobal } from './allowed-globals.js';
import type { PickledStorage } from './pickled-values.js';
import { storageOfId, type StorageRegion } from './storages.js';
import { unpickle } from './unpickle.js';

/** The pickle of torch.save's magic number, with which every file before PyTorch 1.6 begins. */
export const LEGACY_MAGIC = Uint8Array.of(
  0x80,
  0x02,
  0x8a,
  0x0a,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
  0x2e,
);

/** Pickles are small beside the storages that follow them. */
export const LARGEST_PICKLE = 64 * 2 ** 20;

/**
 * Reads a file in the format before PyTorch 1.6: five pickles (magic number, protocol, byte order, the object, the keys
 * of its storages), then for each key the number of values (int64) and the values.
 *
 * @throws CheckpointError
 */
export function readLegacyFile(file: RandomAccessFile): { root: unknown; regions: Map<string, StorageRegion> } {
  const where = file.path;
  const bytes = file.read(0, Math.min(file.size, LARGEST_PICKLE));
  const storages = new Map<string, PickledStorage>();
  const world = {
    global: (module: string, name: string) => allowedGlobal(module, name, where),
    persistent: (id: unknown) => {
      const storage = storageOfId(id, where);
      storages.set(storage.key, storage);
      return storage;
    },
  };
  const protocol = unpickle(bytes, LEGACY_MAGIC.byteLength, world, where);
  if (protocol.value !== 1001) throw unreadable(`protocol ${String(protocol.value)} instead of 1001`, where);
  const system = unpickle(bytes, protocol.end, world, where);
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    throw unreadable('values that are not little-endian', where);
  }
  const root = unpickle(bytes, system.end, world, where);
  const keys = unpickle(bytes, root.end, world, where);
  if (!Array.isArray(keys.value)) throw unreadable('no list of storages', where);

  const regions = new Map<string, StorageRegion>();
  let position = keys.end;
  for (const key of keys.value) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw unreadable(`a storage ${JSON.stringify(key)} that no tensor uses`, where);
    const count = file.read(position, 8);
    const values = Number(new DataView(count.buffer).getBigInt64(0, true));
    const length = values * bytesPerValue[storage.dtype];
    position += 8;
    if (values < 0 || length > file.size - position) {
      throw unreadable(`storage ${JSON.stringify(key)} of ${values} values, which the file is too short for`, where);
    }
    regions.set(storage.key, { start: position, length });
    position += length;
  }
  return { root: root.value, regions };
}

function unreadable(found: string, where: string): CheckpointError {
  return new CheckpointError(`A file of torch.save in the format before PyTorch 1.6, but with ${found}.`, {
    where,
    remedy: 'The file is truncated or corrupt: get it again.',
  });
}
