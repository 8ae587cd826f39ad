import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../config/canonical.js';
import type { ImageItem } from '../contracts/dataset.js';
import { CheckpointError } from '../errors.js';
import { hostTensor, readSafetensors, writeSafetensors } from '../safetensors/index.js';
import { featureKey, type FeatureStore, type View } from './batches.js';

/** Ending of the files that hold features. */
const SEGMENT = '.safetensors';

/**
 * Image features of frozen towers on disk. A feature is known by the content of its image, so a file that changes or moves is no
 * trouble, and by its kind: checkpoint, preprocessing, way of computing. Every process adds files of its own, each there as a whole or not
 * at all; so any number of processes may use one folder. A file that cannot be read is thrown away. The files that were used
 * longest ago give way where all together exceed the limit.
 */
export class FeatureCache {
  constructor(
    private readonly folder: string,
    private readonly limitBytes = 2 ** 30,
  ) {}

  /** The features of one kind, in memory as far as they were asked for. */
  of(kind: Readonly<Record<string, unknown>>): CachedFeatures {
    const key = createHash('sha256').update(canonicalJson(kind)).digest('hex').slice(0, 16);
    return new CachedFeatures(join(this.folder, key), () => this.shrink());
  }

  /** Takes the oldest files away. */
  private async shrink(): Promise<void> {
    const segments = (
      await Promise.all((await namesIn(this.folder)).map((kind) => segmentsIn(join(this.folder, kind))))
    ).flat();
    const files = await Promise.all(
      segments.map(async (path) => {
        const found = await stat(path).catch(() => undefined); // another process may have taken it away
        return { path, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.limitBytes) return;
      await rm(path, { force: true });
      total -= size;
    }
  }
}

/** Features of one kind by item, backed by a folder. */
export class CachedFeatures extends Map<string, Float32Array> implements FeatureStore {
  /** What identifies the image and view behind each key. */
  private readonly contents = new Map<string, string>();

  constructor(
    private readonly folder: string,
    private readonly grown: () => Promise<void>,
  ) {
    super();
  }

  async recall(items: readonly ImageItem[], view?: View): Promise<void> {
    const wanted = new Map<string, string>(); // content to key
    for (const item of items) {
      const content = await contentOf(item, view);
      if (content === undefined) continue;
      wanted.set(content, featureKey(item, view));
      this.contents.set(featureKey(item, view), content);
    }
    for (const path of wanted.size > 0 ? await segmentsIn(this.folder) : []) {
      const rows = await readSegment(path);
      let used = false;
      for (const [content, row] of rows) {
        const key = wanted.get(content);
        if (key === undefined) continue;
        this.set(key, row);
        used = true;
      }
      if (used) await utimes(path, new Date(), new Date()).catch(() => undefined);
    }
  }

  async remember(keys: readonly string[]): Promise<void> {
    const rows = keys.flatMap((key) => {
      const content = this.contents.get(key);
      const row = this.get(key);
      return content !== undefined && row ? [{ content, row }] : [];
    });
    if (rows.length === 0) return;
    await mkdir(this.folder, { recursive: true });
    const width = rows[0]!.row.length;
    const features = new Float32Array(rows.length * width);
    rows.forEach(({ row }, i) => features.set(row, i * width));
    const contents = JSON.stringify(rows.map(({ content }) => content));
    const tensors = new Map([['features', hostTensor(features, [rows.length, width])]]);
    await writeSafetensors(join(this.folder, `${randomUUID()}${SEGMENT}`), tensors, { contents });
    await this.grown();
  }
}

/** SHA-256 of the encoded image, and its view; undefined where the image cannot be read, which whoever decodes it reports. */
async function contentOf(item: ImageItem, view?: View): Promise<string | undefined> {
  try {
    const digest = createHash('sha256')
      .update(await item.load())
      .digest('hex');
    return view ? `${digest} ${view.seed} ${view.index} ${item.id}` : digest; // augmentation is seeded by the id, too
  } catch {
    return undefined;
  }
}

async function readSegment(path: string): Promise<Map<string, Float32Array>> {
  try {
    const { metadata, tensors } = await readSafetensors(path);
    const features = tensors.get('features')!;
    const values = features.data() as Float32Array;
    const width = features.shape[1]!;
    const contents = JSON.parse(metadata['contents']!) as string[];
    return new Map(contents.map((content, i) => [content, values.slice(i * width, (i + 1) * width)]));
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause;
    await rm(path, { force: true });
    return new Map();
  }
}

async function segmentsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith(SEGMENT)).map((name) => join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return [];
    throw cause;
  });
}
