export { isBundle, readBundle, writeBundle, type Precision } from './bundle/bundle.js';
export { exportedModel } from './model/exported-model.js';
export { onnxModel, type OnnxOptions } from './onnx/onnx-model.js';
export { writeWeb } from './web/write-web.js';
