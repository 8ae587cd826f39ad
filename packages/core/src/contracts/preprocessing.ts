/** How an image becomes the input of a vision tower: all of it, in this order. */
export interface Preprocessing {
  /** `shortest`: the short side becomes `size`, the centre is cut out. `squash`: both sides become `size`, whatever the shape. */
  readonly resize: 'shortest' | 'squash';
  /** Pillow's kernel, antialiased when shrinking. */
  readonly interpolation: 'bicubic' | 'bilinear';
  /** Side of the square in pixels. */
  readonly size: number;
  /** RGB means of values in [0, 1]; subtracted. */
  readonly mean: readonly number[];
  /** RGB standard deviations of values in [0, 1]; divided by. */
  readonly std: readonly number[];
}
