import type { Logger } from '../contracts/services.js';

/** What a part said. */
export interface PartMessage {
  readonly type: 'note' | 'warning';
  readonly message: string;
}

/** Gathers what the parts of an experiment say until a run listens. */
export class PartLog implements Logger {
  private readonly waiting: PartMessage[] = [];
  private listener?: (message: PartMessage) => void;

  info(message: string): void {
    this.say({ type: 'note', message });
  }

  warn(message: string): void {
    this.say({ type: 'warning', message });
  }

  /** Hands over what was said, and from now on everything at once. */
  listen(listener: (message: PartMessage) => void): void {
    this.listener = listener;
    this.waiting.splice(0).forEach(listener);
  }

  private say(message: PartMessage): void {
    if (this.listener) this.listener(message);
    else this.waiting.push(message);
  }
}
