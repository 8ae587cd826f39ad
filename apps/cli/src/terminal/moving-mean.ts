import type { TrainEvent } from '@promptweave/core/experiment';

/** Steps that a mean reaches back: those of a batch of four say little by themselves. */
const STEPS = 20;

/** Steps with the means of loss and accuracy over the last ones of their training, instead of their own; other events as they are. */
export function movingMean(): (event: TrainEvent) => TrainEvent {
  let last: { readonly loss: number; readonly accuracy: number }[] = [];
  return (event) => {
    if (event.type === 'start') last = [];
    if (event.type !== 'step') return event;
    last = [...last.slice(1 - STEPS), event];
    const mean = (value: 'loss' | 'accuracy'): number => last.reduce((sum, step) => sum + step[value], 0) / last.length;
    return { ...event, loss: mean('loss'), accuracy: mean('accuracy') };
  };
}
