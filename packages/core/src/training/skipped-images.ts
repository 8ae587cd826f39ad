import type { ImageItem } from '../contracts/dataset.js';
import type { BatchRequest, DataPipeline } from '../contracts/pipeline.js';

/** Ids of the images that were left out because they cannot be read, by the sets that they belong to. */
export type SkippedImages = Readonly<Record<string, readonly string[]>>;

/** Collects what passes over images leave out under `onBadImage: 'skip'`. */
export class SkipLog {
  private readonly found = new Map<string, Set<string>>();

  /** @param tell told of every image once for each set */
  constructor(private readonly tell: (line: string) => void = () => undefined) {}

  /** Part of a result: nothing where nothing was skipped. */
  get result(): { readonly skipped?: SkippedImages } {
    if (this.found.size === 0) return {};
    return { skipped: Object.fromEntries([...this.found].map(([set, ids]) => [set, [...ids].sort()])) };
  }

  /**
   * The same pipeline, with what it skips noted.
   *
   * @param set that the images belong to, or how to tell it
   */
  watching(pipeline: DataPipeline, set: string | ((item: ImageItem) => string)): DataPipeline {
    const nameOf = typeof set === 'string' ? (): string => set : set;
    const onSkip: BatchRequest['onSkip'] = (item, error) => this.note(nameOf(item), item, error.message);
    return {
      subset: (dataset, request) => pipeline.subset(dataset, request),
      batches: (request) => pipeline.batches({ ...request, onSkip }),
    };
  }

  private note(set: string, { id, where = id }: ImageItem, reason: string): void {
    const ids = this.found.get(set) ?? new Set();
    this.found.set(set, ids);
    if (!ids.has(id)) this.tell(`Skipped ${where} (${set}): ${reason}`);
    ids.add(id);
  }
}

/** What several parts of a run left out. */
export function joinSkipped(...parts: readonly (SkippedImages | undefined)[]): { readonly skipped?: SkippedImages } {
  const all: Record<string, string[]> = {};
  for (const part of parts) {
    for (const [set, ids] of Object.entries(part ?? {})) all[set] = [...new Set([...(all[set] ?? []), ...ids])];
  }
  return Object.keys(all).length > 0 ? { skipped: all } : {};
}
