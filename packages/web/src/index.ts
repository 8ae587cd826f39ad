export { decodeImage } from './decode-image.js';
export { ImageModel, loadModel, type Prediction } from './image-model.js';
export {
  MODEL_FORMAT,
  MODEL_KEY,
  parseDescription,
  type HeadDescription,
  type ModelDescription,
  type VisionSizes,
} from './model-description.js';
export { checkedModel, parseModel, type ModelFile } from './model-file.js';
export { constantsOf, KERNELS, runProgram, type KernelName, type Program, type ProgramNode } from './program.js';
export { tensorShapes } from './tensor-shapes.js';
