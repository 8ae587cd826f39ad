/** What a block of a page is to the replay. */
export interface Block {
  readonly kind: 'commands' | 'nightly' | 'file' | 'output';
  readonly name?: string;
  readonly text: string;
  readonly line: number;
}

export function blocksOf(page: string): Block[];
export function outputPattern(text: string): RegExp;
