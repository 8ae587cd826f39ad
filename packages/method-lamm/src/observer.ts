import type { Observer } from '@promptweave/core';

/** Recorded names of LAMM's terms. */
const NAMES = {
  'lamm/parameter': 'loss_parameter',
  'lamm/feature': 'loss_feature',
  'lamm/logits': 'loss_logits',
} as const;

/** What recorded runs of LAMM have: each term of the loss. */
export const lammObserver: Observer = ({ outcome }) =>
  Object.fromEntries(
    Object.entries(NAMES).flatMap(([term, name]) => {
      const found = outcome?.terms[term];
      return found ? [[name, [found.value]]] : [];
    }),
  );
