import type { StudiedCell } from './study.js';

/** An image of a cell's evaluation set. */
export interface WantedImage {
  readonly cell: StudiedCell;
  readonly set: string;
  readonly id: string;
}

/**
 * Reads images of evaluation sets as small pictures: `data:` addresses, in the order of the request; undefined where a set has no
 * image of that id any more.
 * @throws where the data set cannot be read
 */
export type ThumbnailReader = (wanted: readonly WantedImage[]) => Promise<(string | undefined)[]>;

/** Small pictures of the images that a report shows. */
export class Thumbnails {
  private constructor(
    private readonly pictures: ReadonlyMap<string, string>,
    /** Why there are none. */
    readonly problem?: string,
  ) {}

  /** Reads what a report wants to show. One that cannot be read does not keep the report from being written: it says why. */
  static async read(wanted: readonly WantedImage[], reader: ThumbnailReader | undefined): Promise<Thumbnails> {
    if (!reader) return new Thumbnails(new Map(), 'this report was made without access to the images.');
    try {
      const found = await reader(wanted);
      return new Thumbnails(new Map(wanted.flatMap((each, i) => (found[i] ? [[keyOf(each), found[i]]] : []))));
    } catch (error) {
      return new Thumbnails(new Map(), error instanceof Error ? error.message : String(error));
    }
  }

  get(cell: StudiedCell, set: string, id: string): string | undefined {
    return this.pictures.get(keyOf({ cell, set, id }));
  }
}

function keyOf({ cell, set, id }: WantedImage): string {
  return JSON.stringify([cell.id, set, id]);
}
