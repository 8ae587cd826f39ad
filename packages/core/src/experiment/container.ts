import 'reflect-metadata';
import { container, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { DataPipeline } from '../contracts/pipeline.js';
import { SERVICES } from '../plugin/services.js';
import { TOKENS } from './tokens.js';

/**
 * A program's container, with what its experiments cannot make themselves. Independent of tsyringe's global container.
 * @param cacheFolder folder for what can be computed again; without one, parts cannot ask for it
 */
export function createContainer(pipeline: DataPipeline, cacheFolder?: string): DependencyContainer {
  const program = container.createChildContainer();
  program.register(TOKENS.pipeline, { useValue: pipeline });
  if (cacheFolder !== undefined) {
    program.register(SERVICES.cacheFolder as InjectionToken<string>, { useValue: cacheFolder });
  }
  return program;
}
