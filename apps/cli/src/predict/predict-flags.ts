/** What the command takes. */
export interface PredictFlags {
  readonly run?: string;
  readonly bestBy?: string;
  readonly classes?: readonly string[];
  readonly checkpoint?: string;
  readonly top: number;
  readonly threshold?: number;
  readonly scores: 'probabilities' | 'similarities' | 'logits';
  readonly batch?: number;
  readonly features?: string;
  readonly explain?: string;
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly uri?: string;
  readonly plugin: readonly string[];
}
