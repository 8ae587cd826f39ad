import { normalise, type FixtureDescription, type Observer } from '@promptweave/core';

/** What recorded runs of KgCoOp have: the loss before its weight, and the features that it keeps to. */
export function kgcoopObserver({ template }: FixtureDescription): Observer {
  return ({ at, step, outcome }) =>
    at === 'step'
      ? {
          loss_kg: [outcome!.terms['kgcoop/knowledge']!.value],
          origin_text_features: normalise(step.reference(template!).encoding.features),
        }
      : {};
}
