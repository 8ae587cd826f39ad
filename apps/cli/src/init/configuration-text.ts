import { stringify } from 'yaml';
import { EMBEDDED } from '../runs/folder-configuration.js';

/** What a configuration is written of. */
export interface Answers {
  /** Of the images, from the file. */
  readonly path: string;
  readonly checkpoint: string;
  readonly prompt: string;
  readonly labels: string;
  readonly shots: number;
  /** Of the run. */
  readonly name: string;
}

/** A configuration in YAML, with what each line is for. */
export function configurationText({ path, checkpoint, prompt, labels, shots, name }: Answers): string {
  // A line break in a folder's name stays within quotes, on one line.
  const word = (value: string): string => (/\p{Cc}/u.test(value) ? JSON.stringify(value) : stringify(value).trim());
  const onCheckpoint =
    checkpoint === EMBEDDED
      ? 'small, comes with promptweave, knows drawings alone'
      : 'downloaded once where it is a name on the Hugging Face hub; or a file, a folder';
  return `# npx promptweave train ${name}.yaml
dataset:
  use: folder # one folder of images for each class
  path: ${word(path)} # as seen from this file
  shots: ${shots} # training images of each class; all takes them all
  template: a photo of a {}. # a hint helps: "a photo of a {}, a type of flower."
  # names: { "IMG_cows": cow } # words for folders whose names say nothing

backbone:
  use: clip
  checkpoint: ${word(checkpoint)} # ${onCheckpoint}

prompt:
  use: ${word(prompt)} # the words around the class name; promptweave plugins lists the methods
labels:
  use: ${word(labels)} # lamm learns the class names, too; frozen leaves them

train:
  epochs: 20 # passes over the training images
  batch: 4
  learningRate: 0.005
  onBadImage: skip # fail stops at an image that cannot be read
  # evaluateEvery: 1 # test on the validation images after each epoch …
  # keep: best # … and keep what was best there

seed: 1
output: ${word(`runs/${name}`)}
`;
}
