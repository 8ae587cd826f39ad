/** WebGL with the kernels that an exported model may use. */
import '@tensorflow/tfjs-backend-webgl/dist/base';
import 'kernels:webgl';
