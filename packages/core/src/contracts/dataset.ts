/** One labelled image, loaded when it is needed. */
export interface ImageItem {
  /** Stable identity: a path relative to the data set's folder, or a virtual id. Seeds the image's augmentation. */
  readonly id: string;
  /** Where it lies, as messages name it: a file's path. Default: the id. */
  readonly where?: string;
  /** Class index. */
  readonly label: number;
  /** Drawing style, camera, corruption, …, for domain generalisation. */
  readonly domain?: string;
  /** The encoded image file (JPEG, PNG, SVG, …). */
  load(): Promise<Buffer>;
}

/** Images, class names and splits. */
export interface Dataset {
  /** What results, tables and messages call it, e.g. `emoji-animals`. */
  readonly name: string;
  /** By label. An underscore stands for a space. */
  readonly classNames: readonly string[];
  /** Hand-crafted template, e.g. "a photo of a {}, a type of pet." */
  readonly template: string;
  /** How pixels are read: as the papers' code does, or as a person expects (EXIF rotation, alpha over white). */
  readonly imagePolicy: 'reference' | 'custom';
  /** What prompts are learned on: all images that were read, or a few of each class after `DataPipeline.subset`. */
  readonly train: readonly ImageItem[];
  /** What settings, and the best of several epochs, are chosen by. It may be empty. */
  readonly val: readonly ImageItem[];
  /** What results are measured on; nothing is learned or chosen by them. */
  readonly test: readonly ImageItem[];
  /** What a person should know about how it was read, a sentence each: what was left out, assumed or renamed. */
  readonly notes?: readonly string[];
  /** Digest over ids and labels of all splits. */
  readonly digest: string;
}
