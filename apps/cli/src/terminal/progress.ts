import { describeEvent, duration, percent, type TrainEvent } from '@promptweave/core/experiment';
import { Presets, SingleBar } from 'cli-progress';
import { movingMean } from './moving-mean.js';

/** Seconds between two lines where there is no terminal. */
const LINE_SECONDS = 10;

/** Shows how far a long computation is, on standard error. */
export interface Progress {
  onEvent(event: TrainEvent): void;
  /** Images of an evaluation. */
  onEvaluation(name: string, done: number, total: number): void;
  /** Takes the bar away. */
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere, nothing where the output is for a machine. Loss and accuracy are means over the last steps. */
export function createProgress({ quiet }: { readonly quiet: boolean }): Progress {
  if (quiet) return { onEvent: () => undefined, onEvaluation: () => undefined, end: () => undefined };
  const shown = process.stderr.isTTY ? barProgress() : lineProgress();
  const smooth = movingMean();
  return { ...shown, onEvent: (event) => shown.onEvent(smooth(event)) };
}

function lineProgress(): Progress {
  let last = -Infinity;
  const inTime = (done: number, total: number): boolean => {
    if (performance.now() - last < LINE_SECONDS * 1000 && done !== total) return false;
    last = performance.now();
    return true;
  };
  return {
    onEvent: (event) => {
      if (event.type === 'checkpoint' || (event.type === 'step' && !inTime(event.step, event.steps))) return;
      const line = describeEvent(event);
      if (line !== undefined) console.error(line);
    },
    onEvaluation: (name, done, total) => {
      if (inTime(done, total)) console.error(`${name}: ${done} of ${total} images`);
    },
    end: () => undefined,
  };
}

function barProgress(): Progress {
  let bar: SingleBar | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const show = (total: number, done: number, text: string): void => {
    if (!bar) {
      const options = {
        format: '{bar} {value}/{total} {text}',
        barsize: 24,
        stream: process.stderr,
        clearOnComplete: true,
      };
      bar = new SingleBar(options, Presets.shades_classic);
      bar.start(total, done, { text });
    }
    bar.setTotal(total);
    bar.update(done, { text });
  };
  return {
    onEvent: (event) => {
      if (event.type === 'step') {
        const { loss, accuracy, imagesPerSecond, secondsLeft, epoch, epochs } = event;
        const rate = `${imagesPerSecond.toFixed(1)} images/s, ${duration(secondsLeft)} left`;
        const text = `epoch ${epoch + 1}/${epochs}, loss ${loss.toFixed(3)}, accuracy ${percent(accuracy)}, ${rate}`;
        return show(event.steps, event.step, text);
      }
      if (event.type === 'features') return show(event.total, event.done, 'image features');
      if (event.type === 'checkpoint') return;
      end();
      const line = describeEvent(event);
      if (line !== undefined) console.error(line);
    },
    onEvaluation: (name, done, total) => show(total, done, `images of ${name}`),
    end,
  };
}
