import type { TrainEvent } from './events.js';

/**
 * An event as a plain line for a log or a terminal without a progress bar; undefined where it is not worth one.
 */
export function describeEvent(event: TrainEvent): string | undefined {
  switch (event.type) {
    case 'start': {
      const { steps, epochs, images, parameters, fitted, resumedAt } = event;
      if (parameters === 0 && fitted) {
        return `The head was fitted to ${images} training images (${fitted} numbers); nothing is left for the optimiser.`;
      }
      if (parameters === 0) return 'Nothing is learned: no part has variables.';
      const plan = `${parameters} parameters, ${images} images, ${epochs} epochs, ${steps} steps`;
      return resumedAt.step > 0 ? `Going on after step ${resumedAt.step}: ${plan}.` : `Training: ${plan}.`;
    }
    case 'phase':
      return `Phase ${event.phase} of ${event.phases}: ${event.parameters} parameters of ${event.learns.join(', ')}, ${event.steps} steps.`;
    case 'warning':
      return `WARNING: ${event.message}`;
    case 'note':
      return event.message;
    case 'features':
      return event.done === event.total ? `Image features of ${event.total} images computed.` : undefined;
    case 'step': {
      const { step, steps, epoch, epochs, loss, accuracy, learningRate, imagesPerSecond, secondsLeft } = event;
      const rates = `lr ${learningRate.toPrecision(3)}, ${imagesPerSecond.toFixed(1)} images/s, ${duration(secondsLeft)} left`;
      return `epoch ${epoch + 1}/${epochs} step ${step}/${steps}: loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}, ${rates}`;
    }
    case 'evaluation': {
      const { accuracy, loss, images } = event.result;
      return `After epoch ${event.epoch}, ${event.name}: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)} (${images} images)`;
    }
    case 'checkpoint':
      return `Wrote ${event.path} after step ${event.step}.`;
    case 'end':
      return `Training ${event.status} after ${event.step} steps, ${duration(event.seconds)}.`;
  }
}

/** 0.1234 → 12.3 %. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** 75 → 1:15, 3675 → 1:01:15. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (part: number): string => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
