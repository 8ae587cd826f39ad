import type { SweepEvent } from '@promptweave/bench';
import { duration, percent } from '@promptweave/core';

/** Shows how far a sweep is, on standard error. */
export interface SweepView {
  onEvent(event: SweepEvent): void;
  end(): void;
}

/** What the view knows about the cells of this sweep. */
export interface SweepViewRequest {
  /** What people call the cells, by id. */
  readonly labels: ReadonlyMap<string, string>;
  /** Cells that were finished before. */
  readonly done: number;
  readonly quiet: boolean;
  /** A line for the best row so far. */
  best(): string | undefined;
}

/** Milliseconds between two drawings on a terminal. */
const REDRAW = 200;

/** Running cells on a terminal, one line for each finished cell elsewhere, nothing where the output is for a machine. */
export function createSweepView({ labels, done: before, quiet, best }: SweepViewRequest): SweepView {
  if (quiet) return { onEvent: () => undefined, end: () => undefined };
  const { stderr } = process;
  const total = labels.size;
  const running = new Map<string, { text: string; since: number }>();
  const started = performance.now();
  let done = before;
  let drawn = 0;
  let last = 0;
  let bestText = best();

  const clear = (): void => {
    if (drawn > 0) stderr.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const overall = (): string => {
    const fresh = done - before;
    const seconds = (performance.now() - started) / 1000;
    const left = fresh > 0 ? `, about ${duration((seconds / fresh) * (total - done))} left` : '';
    return `${done} of ${total} cells, ${duration(seconds)}${left}${bestText ? `, best so far: ${bestText}` : ''}`;
  };
  const draw = (force = false): void => {
    if (!stderr.isTTY || (!force && performance.now() - last < REDRAW)) return;
    last = performance.now();
    const width = (stderr.columns || 80) - 1;
    const lines = [...running].map(([cell, { text }]) => `  ▸ ${labels.get(cell) ?? cell}: ${text}`);
    clear();
    const all = [...lines, overall()].map((line) => line.slice(0, width));
    stderr.write(`${all.join('\n')}\n`);
    drawn = all.length;
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
    draw(true);
  };
  const told = new Set<string>();
  const tell = (message: string): void => {
    if (!told.has(message)) line(message);
    told.add(message);
  };
  const show = (cell: string, text: string): void => {
    const known = running.get(cell);
    if (known) known.text = text;
    draw();
  };

  return {
    onEvent: (event) => {
      if (event.type === 'wait') return draw();
      if (event.type === 'note') return tell(event.message);
      const { cell } = event;
      const label = labels.get(cell) ?? cell;
      const seconds = duration((performance.now() - (running.get(cell)?.since ?? performance.now())) / 1000);
      if (event.type === 'begin') {
        running.set(cell, { text: 'beginning', since: performance.now() });
        return draw(true);
      }
      if (event.type === 'train') {
        const { event: train } = event;
        if (train.type === 'step') {
          const { step, steps, loss, accuracy, imagesPerSecond } = train;
          const rates = `loss ${loss.toFixed(3)}, accuracy ${percent(accuracy)}, ${imagesPerSecond.toFixed(0)} images/s`;
          show(cell, `step ${step}/${steps}, ${rates}`);
        }
        if (train.type === 'features') show(cell, `image features ${train.done}/${train.total}`);
        return;
      }
      if (event.type === 'evaluate') return show(cell, `testing ${event.set} ${event.done}/${event.total}`);
      running.delete(cell);
      if (event.type === 'finish') {
        done += 1;
        bestText = best();
        return line(`✓ [${done}/${total}] ${label} (${seconds})`);
      }
      return line(event.type === 'fail' ? `✗ ${label}: ${event.message}` : `‖ ${label}: stopped, goes on later`);
    },
    end: clear,
  };
}
