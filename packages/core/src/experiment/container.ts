import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';
import type { DataPipeline } from '../contracts/pipeline.js';
import { TOKENS } from './tokens.js';

/** A program's container, with what its experiments cannot make themselves. Independent of tsyringe's global container. */
export function createContainer(pipeline: DataPipeline): DependencyContainer {
  const program = container.createChildContainer();
  program.register(TOKENS.pipeline, { useValue: pipeline });
  return program;
}
