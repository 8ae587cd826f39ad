import type { ImageItem } from '../contracts/dataset.js';
import type { BatchRequest, DataPipeline } from '../contracts/pipeline.js';

/** Ids of the images that were left out because they cannot be read, by the sets that they belong to. */
export type SkippedImages = Readonly<Record<string, readonly string[]>>;

/** Why they cannot be read: sentences, by set and id. Runs of an older promptweave have none. */
export type SkipReasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Part of a result: nothing where nothing was skipped. */
export interface SkippedPart {
  readonly skipped?: SkippedImages;
  readonly skipReasons?: SkipReasons;
}

/** Collects what passes over images leave out under `onBadImage: 'skip'`. */
export class SkipLog {
  /** Reasons by id, by set. */
  private readonly found = new Map<string, Map<string, string>>();

  /** @param tell told of every image once for each set */
  constructor(private readonly tell: (line: string) => void = () => undefined) {}

  get result(): SkippedPart {
    if (this.found.size === 0) return {};
    const found = [...this.found];
    return {
      skipped: Object.fromEntries(found.map(([set, reasons]) => [set, [...reasons.keys()].sort()])),
      skipReasons: Object.fromEntries(found.map(([set, reasons]) => [set, Object.fromEntries(reasons)])),
    };
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
    const reasons = this.found.get(set) ?? new Map<string, string>();
    this.found.set(set, reasons);
    if (reasons.has(id)) return;
    this.tell(`Skipped ${where} (${set}): ${reason}`);
    reasons.set(id, reason);
  }
}

/** What several parts of a run left out. */
export function joinSkipped(...parts: readonly (SkippedPart | undefined)[]): SkippedPart {
  // A set may be called `__proto__`.
  const all = Object.create(null) as Record<string, string[]>;
  const reasons = Object.create(null) as Record<string, Record<string, string>>;
  for (const { skipped = {}, skipReasons = {} } of parts.map((part) => part ?? {})) {
    for (const [set, ids] of Object.entries(skipped)) all[set] = [...new Set([...(all[set] ?? []), ...ids])];
    for (const [set, own] of Object.entries(skipReasons)) reasons[set] = { ...reasons[set], ...own };
  }
  if (Object.keys(all).length === 0) return {};
  return { skipped: { ...all }, ...(Object.keys(reasons).length > 0 && { skipReasons: { ...reasons } }) };
}
