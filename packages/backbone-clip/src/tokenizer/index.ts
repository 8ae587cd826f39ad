export { loadTokenizer, OPENAI_MERGES, type TokenizerFiles } from './load-tokenizer.js';
