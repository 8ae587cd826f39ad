export { loadTokenizer, OPENAI_MERGES, type TokenizerFiles } from './load-tokenizer.js';
export type { ClipTokenizer } from './clip-tokenizer.js';
