import type { SweepEvent } from '@promptweave/bench';
import { duration, percent } from '@promptweave/core/experiment';

/** Shows how far a sweep is, on standard error. */
export interface SweepView {
  onEvent(event: SweepEvent): void;
  end(): void;
}

/** What the view knows about the cells of this sweep. */
export interface SweepViewRequest {
  /** What people call the cells, by id. */
  readonly labels: ReadonlyMap<string, string>;
  /** Cells that were done before. */
  readonly done: number;
  readonly quiet: boolean;
  /** A line for the best row so far. */
  best(): string | undefined;
  /** The figure of a finished cell that tells most. */
  figure(cell: string): string | undefined;
}

/** Milliseconds between two drawings on a terminal, between two signs of life elsewhere, and between two looks for the best row. */
const REDRAW = 200;
const SIGN = 60_000;
const LOOK = 1000;
/** Looking for the best row reads all cells: no more of the time than this share. */
const LOOK_SHARE = 0.02;

interface Running {
  readonly since: number;
  /** Of the cell's training, in [0, 1]. */
  fraction: number;
  text: string;
}

/** Running cells on a terminal, plain lines elsewhere; what people should know alone where the output is for a machine. */
export function createSweepView({ labels, done: before, quiet, best, figure }: SweepViewRequest): SweepView {
  if (quiet) return { onEvent: tellNotes(), end: () => undefined };
  const { stderr } = process;
  const total = labels.size;
  const running = new Map<string, Running>();
  const told = new Set<string>();
  const started = performance.now();
  let working: number | undefined; // since the first cell began
  let done = before;
  let failed = 0;
  let drawn = 0;
  let last = started;
  let bestText = best();
  let nextLook = 0;

  const lookForBest = (): void => {
    const begun = performance.now();
    if (begun < nextLook) return;
    bestText = best();
    const took = performance.now() - begun;
    nextLook = performance.now() + Math.max(LOOK, took / LOOK_SHARE);
  };
  const clear = (): void => {
    if (drawn > 0) stderr.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const overall = (): string => {
    const parts = [...running.values()].reduce((sum, { fraction }) => sum + fraction, 0);
    const behind = done - before + parts;
    const seconds = (performance.now() - started) / 1000;
    const worked = (performance.now() - (working ?? started)) / 1000;
    const left = behind > 0.3 ? `, about ${duration((worked / behind) * (total - before - behind))} left` : '';
    const failures = failed > 0 ? `, ${failed} attempts failed` : '';
    const leader = bestText ? `, best so far: ${bestText}` : '';
    return `${bar((before + behind) / total)} ${done}/${total} cells, ${duration(seconds)}${left}${failures}${leader}`;
  };
  const draw = (force = false): void => {
    const now = performance.now();
    if (!stderr.isTTY) {
      if (now - last > SIGN) stderr.write(`  ${overall().slice(BAR + 1)}, ${running.size} running\n`);
      if (now - last > SIGN) last = now;
      return;
    }
    if (!force && now - last < REDRAW) return;
    last = now;
    const width = (stderr.columns || 80) - 1;
    const lines = [...running].map(([cell, { text, fraction }]) => {
      const line = `${bar(fraction)} ${text}  `;
      return line + shortened(labels.get(cell) ?? cell, Math.max(12, width - line.length));
    });
    clear();
    const all = [...lines, overall()].map((line) => shortened(line, width));
    stderr.write(`${all.join('\n')}\n`);
    drawn = all.length;
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
    if (stderr.isTTY) draw(true);
  };
  const show = (cell: string, text: string, fraction?: number): void => {
    working ??= performance.now();
    // An event of a cell whose beginning this process did not see: it found it running.
    const known = running.get(cell) ?? { since: performance.now(), fraction: 0, text };
    running.set(cell, { ...known, text, fraction: fraction ?? known.fraction });
    draw();
  };
  const finish = (cell: string): string => {
    const { since } = running.get(cell) ?? { since: performance.now() };
    running.delete(cell);
    return duration((performance.now() - since) / 1000);
  };

  return {
    onEvent: (event) => {
      if (event.type === 'wait') return draw();
      if (event.type === 'note') {
        if (!told.has(event.message)) line(event.message);
        told.add(event.message);
        return;
      }
      const { cell } = event;
      const label = labels.get(cell) ?? cell;
      switch (event.type) {
        case 'begin':
          return show(cell, 'begins');
        case 'train':
          return showTraining(cell, event.event, show);
        case 'evaluate':
          return show(cell, `tests ${event.set} ${event.done}/${event.total}`, 1);
        case 'finish': {
          const took = finish(cell);
          done += 1;
          lookForBest();
          const found = figure(cell);
          return line(`✓ [${done}/${total}] ${label}${found ? `: ${found}` : ''} (${took})`);
        }
        case 'fail':
          finish(cell);
          failed += 1;
          return line(`✗ ${label}: ${event.message}`);
        case 'stop':
          finish(cell);
          return line(`‖ ${label}: stopped, goes on later`);
      }
    },
    end: clear,
  };
}

/** Prints each note once. */
function tellNotes(): SweepView['onEvent'] {
  const told = new Set<string>();
  return (event) => {
    if (event.type === 'note' && !told.has(event.message)) console.error(event.message);
    if (event.type === 'note') told.add(event.message);
  };
}

function showTraining(
  cell: string,
  event: Extract<SweepEvent, { type: 'train' }>['event'],
  show: (cell: string, text: string, fraction?: number) => void,
): void {
  if (event.type === 'features') show(cell, `image features ${event.done}/${event.total}`);
  if (event.type !== 'step') return;
  const { step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = event;
  const rates = `loss ${loss.toFixed(2)}, ${percent(accuracy)}, ${imagesPerSecond.toFixed(0)} images/s`;
  show(cell, `${rates}, ${duration(secondsLeft)} left`, step / steps);
}

/** Characters of a bar. */
const BAR = 12;

function bar(fraction: number): string {
  const full = Math.round(BAR * Math.min(1, Math.max(0, fraction)));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** A text in so many characters; what does not fit is left out in the middle. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
