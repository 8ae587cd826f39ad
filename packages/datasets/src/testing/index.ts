export { benchmarkTree, TREE_IMAGES, type Files } from './benchmark-tree.js';
export { imagenetClasses, imagenetSubsets } from './benchmark-names.js';
export { classPicture, greyOfLabel, labelOfPicture } from './class-picture.js';
export { writeTree } from './write-tree.js';
