import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { tryClaim, type Claim } from '../claim.js';
import { canonicalJson } from '../config/canonical.js';
import type { ImageItem } from '../contracts/dataset.js';
import type { FeatureStore, TakenOn, View } from '../contracts/features.js';
import { CheckpointError } from '../errors.js';
import { FrozenTexts, TEXT_FILE } from '../model/frozen-texts.js';
import { hostTensor, parseSafetensors, writeSafetensors } from '../safetensors/index.js';
import { isUnwritable } from '../unwritable.js';
import { FEATURE_BATCH, featureKey } from './batches.js';

/** Ending of the files that hold features. */
const SEGMENT = '.safetensors';
/** Images that a process takes on at a time. Those of it that are not kept yet are lost with the process. */
const AT_ONCE = 2 * FEATURE_BATCH;
/** Images whose files are read beside each other to tell what they hold. */
const READ_TOGETHER = 16;
/** Milliseconds between two looks at what other processes have taken on. */
const LOOK = 200;

/**
 * Image features of frozen towers on disk, and text features (see `FrozenTexts`). A feature is known by the content of its image, so a file that changes or moves is no
 * trouble, and by its kind: checkpoint, preprocessing, way of computing. Every process adds files of its own, each there as a whole or not
 * at all; so any number of processes may use one folder. Those that need the same images at the same moment share the work: each group
 * of images, by the first digit of their contents' hashes, is one process's at a time (see `tryClaim`). A file that cannot be read is
 * thrown away. The files that were used longest ago give way where all together exceed the limit. Where nothing can be written, nothing is kept, and
 * `onUnkept` is told once.
 */
export class FeatureCache {
  constructor(
    private readonly folder: string,
    private readonly limitBytes = 2 ** 30,
    private readonly onUnkept: (message: string) => void = () => undefined,
  ) {}

  private isTold = false;

  /** @throws an error that says something else than that nothing can be written */
  private readonly unkept = (error: unknown): void => {
    if (!isUnwritable(error)) throw error;
    if (!this.isTold) {
      this.onUnkept(`Features cannot be kept in ${this.folder} (${error.code}): they are computed anew each time.`);
    }
    this.isTold = true;
  };

  /** The features of one kind, in memory as far as they were asked for. */
  of(kind: Readonly<Record<string, unknown>>): CachedFeatures {
    return new CachedFeatures(this.folderOf(kind), () => this.shrink(), this.unkept);
  }

  /** Text features of one way of computing, beside those of images. */
  texts(way: Readonly<Record<string, unknown>>): FrozenTexts {
    return new FrozenTexts(this.folderOf({ texts: way }), () => this.shrink(), this.unkept);
  }

  private folderOf(kind: Readonly<Record<string, unknown>>): string {
    return join(this.folder, createHash('sha256').update(canonicalJson(kind)).digest('hex').slice(0, 16));
  }

  /** Takes the oldest files away. */
  private shrink(): void {
    const kept = namesIn(this.folder).flatMap((kind) => filesIn(join(this.folder, kind), SEGMENT, TEXT_FILE));
    const files = kept.map((path) => {
      const found = statSync(path, { throwIfNoEntry: false }); // another process may have taken it away
      return { path, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    });
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.limitBytes) return;
      rmSync(path, { force: true });
      total -= size;
    }
  }
}

/** Features of one kind by item, backed by a folder. */
export class CachedFeatures extends Map<string, Float32Array> implements FeatureStore {
  /** What identifies the image and view behind each key. */
  private readonly contents = new Map<string, string>();
  /** The contents whose features a file holds, by its path; files never change. */
  private readonly segments = new Map<string, readonly string[]>();

  constructor(
    private readonly folder: string,
    private readonly grown: () => void,
    private readonly unkept: (error: unknown) => void,
  ) {
    super();
  }

  async recall(items: readonly ImageItem[], view?: View): Promise<void> {
    const wanted = new Map<string, string[]>(); // content to keys
    for (let at = 0; at < items.length; at += READ_TOGETHER) {
      const some = items.slice(at, at + READ_TOGETHER);
      const contents = await Promise.all(some.map((item) => this.contentOf(item, view)));
      contents.forEach((content, i) => {
        if (content === undefined) return;
        wanted.set(content, [...(wanted.get(content) ?? []), featureKey(some[i]!, view)]); // some are there twice
      });
    }
    for (const path of wanted.size > 0 ? filesIn(this.folder, SEGMENT) : []) {
      const contents = this.segments.get(path);
      if (contents && !contents.some((content) => wanted.has(content))) continue;
      const rows = await readSegment(path);
      this.segments.set(path, [...rows.keys()]);
      let used = false;
      for (const [content, row] of rows) {
        for (const key of wanted.get(content) ?? []) {
          this.set(key, row);
          used = true;
        }
      }
      if (used) await utimes(path, new Date(), new Date()).catch(() => undefined);
    }
  }

  async takeOn(items: readonly ImageItem[], view?: View, signal?: AbortSignal): Promise<TakenOn> {
    const groups = await this.groupsOf(items, view);
    for (;;) {
      const taken: ImageItem[] = [];
      const claims: Claim[] = [];
      const done = (): void => claims.forEach((claim) => claim.release());
      try {
        for (const [group, members] of groups) {
          if (taken.length >= AT_ONCE) break;
          const claim = group === UNREADABLE ? undefined : await this.claim(group);
          if (claim) claims.push(claim);
          if (claim || group === UNREADABLE) taken.push(...members.slice(0, AT_ONCE - taken.length));
        }
        // No process waits while it has something: so none waits for ever.
        if (taken.length > 0) {
          await this.recall(taken, view);
          return { items: taken, done };
        }
      } catch (error) {
        done();
        throw error;
      }
      await setTimeout(LOOK, undefined, { signal }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }

  async remember(keys: readonly string[]): Promise<void> {
    const rows = keys.flatMap((key) => {
      const content = this.contents.get(key);
      const row = this.get(key);
      return content !== undefined && row ? [{ content, row }] : [];
    });
    if (rows.length === 0) return;
    const width = rows[0]!.row.length;
    const features = new Float32Array(rows.length * width);
    rows.forEach(({ row }, i) => features.set(row, i * width));
    const contents = JSON.stringify(rows.map(({ content }) => content));
    const tensors = new Map([['features', hostTensor(features, [rows.length, width])]]);
    try {
      await mkdir(this.folder, { recursive: true });
      await writeSafetensors(join(this.folder, `${randomUUID()}${SEGMENT}`), tensors, { contents });
      this.grown();
    } catch (error) {
      this.unkept(error instanceof CheckpointError ? (error.cause ?? error) : error);
    }
  }

  /** Where nothing can be written, this process has all groups, as others may. */
  private async claim(group: string): Promise<Claim | undefined> {
    const folder = join(this.folder, group);
    try {
      await mkdir(folder, { recursive: true });
      return tryClaim(folder);
    } catch (error) {
      this.unkept(error);
      return { isHeld: () => true, release: () => undefined };
    }
  }

  private async groupsOf(items: readonly ImageItem[], view?: View): Promise<Map<string, ImageItem[]>> {
    const groups = new Map<string, ImageItem[]>();
    for (const item of items) {
      const group = (await this.contentOf(item, view))?.[0] ?? UNREADABLE;
      const members = groups.get(group) ?? [];
      members.push(item);
      groups.set(group, members);
    }
    return groups;
  }

  private async contentOf(item: ImageItem, view?: View): Promise<string | undefined> {
    const key = featureKey(item, view);
    const content = this.contents.get(key) ?? (await contentOf(item, view));
    if (content !== undefined) this.contents.set(key, content);
    return content;
  }
}

/** Group of the images that cannot be read. */
const UNREADABLE = '';

/** SHA-256 of the encoded image, and its view; undefined where the image cannot be read, which whoever decodes it reports. */
async function contentOf(item: ImageItem, view?: View): Promise<string | undefined> {
  try {
    const digest = createHash('sha256')
      .update(await item.load())
      .digest('hex');
    if (!view) return digest;
    const { seed, index, minimumCrop } = view;
    const crops = minimumCrop === undefined ? '' : ` from ${minimumCrop}`;
    return `${digest} ${seed} ${index}${crops} ${item.id}`; // augmentation is seeded by the id, too
  } catch {
    return undefined;
  }
}

async function readSegment(path: string): Promise<Map<string, Float32Array>> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return new Map(); // it gave way just now
  try {
    // At once and from memory: whoever uses a segment touches it, and a file that is opened again would look changed.
    const { metadata, tensors } = parseSafetensors(bytes, path);
    const features = tensors.get('features')!;
    const values = features.data() as Float32Array;
    const width = features.shape[1]!;
    const contents = JSON.parse(metadata['contents']!) as string[];
    return new Map(contents.map((content, i) => [content, values.slice(i * width, (i + 1) * width)]));
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause;
    await rm(path, { force: true }).catch(() => undefined); // where it cannot be taken away, it is read in vain again
    return new Map();
  }
}

function filesIn(folder: string, ...endings: string[]): string[] {
  const names = namesIn(folder).filter((name) => endings.some((ending) => name.endsWith(ending)));
  return names.map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isUnwritable(error)) return []; // not there, or not for this user
    throw error;
  }
}
