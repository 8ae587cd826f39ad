export { loadTokenizer, OPENAI_MERGES, type TokenizerFiles } from './load-tokenizer.js';
export type { ClipTokenizer } from './clip-tokenizer.js';
export { isUnigram } from './sentence-pieces.js';
export { loadSentenceTokenizer, type Cleaning, type SentenceTokenizer } from './sentence-tokenizer.js';
export { collectGarbage } from './collect-garbage.js';
