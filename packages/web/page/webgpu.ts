/** WebGPU with the kernels that an exported model may use. */
import '@tensorflow/tfjs-backend-webgpu/dist/base';
import 'kernels:webgpu';
