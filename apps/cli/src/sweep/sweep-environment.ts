import { FeatureLibrary, type CellEnvironment } from '@promptweave/bench';
import type { Registry, ResolvedConfiguration } from '@promptweave/core/experiment';
import { describeComputation } from '@promptweave/runtime';
import { assemble, surroundingsOf, type Composition } from '../composition/compose.js';

/** What the cells of a sweep share in one process. */
export interface SweepEnvironment {
  readonly environment: CellEnvironment;
  readonly composition: Composition;
  close(): Promise<void>;
}

/**
 * @param configuration of any of the cells; its backend is that of all
 * @param features folder of the sweep's image features
 */
export async function sweepEnvironment(
  configuration: ResolvedConfiguration,
  registry: Registry,
  folder: string,
  features: string,
  version: string,
): Promise<SweepEnvironment> {
  const composition = await assemble(configuration, registry, folder);
  const { container, pipeline, backend } = composition;
  const surroundings = surroundingsOf(backend, version);
  const library = new FeatureLibrary(features, describeComputation(backend));
  return {
    composition,
    environment: { container, registry, pipeline, surroundings, features: library },
    close: () => composition.close(),
  };
}
