import { fileURLToPath } from 'node:url';

/**
 * Absolute path of the folder that holds the embedded CLIP: `model.safetensors` (float16, OpenAI key names),
 * `config.json` (shapes, activation, normalisation) and `tokenizer.json` (BPE, start and end ids the two largest).
 */
export const modelFolder: string = fileURLToPath(new URL('../model', import.meta.url));
