import { PromptweaveError } from '../errors.js';
import { PluginFault, type PluginOwner } from './plugin-fault.js';

/** What is wrong with what a method gave, as the end of a sentence that begins with the part; undefined where nothing is. */
export type Check = (result: unknown) => string | undefined;

/**
 * The same part, whose every method tells a fault as its plugin's: an error that is not typed, and a result that its check does not take.
 *
 * @param checks of the results of some methods
 * @param wrap results of some methods that are parts themselves
 */
export function guarded<T extends object>(
  part: T,
  owner: PluginOwner,
  checks: Readonly<Record<string, Check>> = {},
  wrap: Readonly<Record<string, (result: never) => unknown>> = {},
): T {
  const methods = new Map<unknown, unknown>();
  return new Proxy(part, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      const known = methods.get(value);
      if (known) return known;
      const method = (...given: unknown[]): unknown => {
        const result = attempt(owner, `threw in ${key}()`, () => Reflect.apply(value, target, given) as unknown);
        const fault = checks[key]?.(result);
        if (fault !== undefined) throw new PluginFault(owner, `${fault} in ${key}().`);
        return wrap[key] ? wrap[key](result as never) : result;
      };
      methods.set(value, method);
      return method;
    },
  });
}

/** @throws PluginFault instead of an error that is not typed */
export function attempt<T>(owner: PluginOwner, what: string, work: () => T): T {
  const told = (error: unknown): never => {
    if (error instanceof PromptweaveError) throw error;
    throw new PluginFault(owner, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(told) as T) : result;
  } catch (error) {
    return told(error);
  }
}
