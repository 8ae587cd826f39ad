export { decodeValues, bytesPerValue } from './decode.js';
export { encodeFloat16 } from './half.js';
export { hostTensor, rowReader, sizeOf, type HostTensor, type StateDict, type StoredType } from './host-tensor.js';
export { RandomAccessFile } from './random-access-file.js';
export { parseSafetensors, type SafetensorsFile } from './parse.js';
export { checkSafetensors, readSafetensors } from './read.js';
export { writeSafetensors } from './write.js';
