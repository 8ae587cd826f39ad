import 'reflect-metadata';
import { container as root, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { Logger, RandomNumbers, Services, ServiceToken } from '../contracts/services.js';
import { ConfigError } from '../errors.js';
import { seededNormal, seededUniform } from '../model/maths.js';
import { SERVICES } from '../plugin/services.js';

/** The services of a container, as parts see them. */
export function servicesOf(container: DependencyContainer): Services {
  return {
    get: <T>(token: ServiceToken<T>): T => {
      const known: InjectionToken<T> = token;
      if (container.isRegistered(known, true)) return container.resolve(known);
      throw new ConfigError(`This program does not offer the service "${token.description}".`, {
        remedy: 'Register it in the container of the program before experiments are made.',
      });
    },
  };
}

/** What a part can have outside of an experiment: a logger on the terminal, and random numbers. */
export function basicServices(seed: number): Services {
  const container = root.createChildContainer();
  const say = (message: string): void => console.error(message);
  container.register(SERVICES.logger as InjectionToken<Logger>, { useValue: { info: say, warn: say } });
  container.register(SERVICES.random as InjectionToken<RandomNumbers>, { useValue: randomNumbers(seed) });
  return servicesOf(container);
}

/** Random numbers of a run. */
export function randomNumbers(seed: number): RandomNumbers {
  return {
    normal: (shape, deviation, name) => seededNormal(shape, deviation, seed, name),
    uniform: (shape, bound, name) => seededUniform(shape, bound, seed, name),
  };
}
