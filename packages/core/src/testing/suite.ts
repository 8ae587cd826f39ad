import type { Backbone } from '../contracts/backbone.js';
import { z } from 'zod';
import type { PartialConfiguration, Plugin } from '../plugin/define-plugin.js';
import { demand } from './conformance-error.js';

/** Options of a part, parsed by its schema. */
export type ParsedOptions = Readonly<Record<string, unknown>>;

/** What every suite needs. */
export interface Suite {
  /**
   * Makes a small frozen backbone, of at least two blocks a tower and a context length of 24. The suite disposes it.
   */
  backbone(): Backbone;
  /** Option sets as a user would write them; each is checked on its own. Default: the plugin's defaults. */
  readonly options?: readonly PartialConfiguration[];
}

/** What only the part's author knows of its variables. */
export interface VariableFacts {
  /** True for variables that no gradient reaches, by design. Default: none. */
  withoutGradient?(variable: string, options: ParsedOptions): boolean;
  /** True for variables whose gradient is not the loss's derivative, by design (it is stopped somewhere). Default: none. */
  stoppedGradient?(variable: string, options: ParsedOptions): boolean;
  /** True for variables that start from words or constants, whatever the seed. Default: none. */
  fixedStart?(variable: string, options: ParsedOptions): boolean;
}

/** One plugin with one set of options, on a backbone that all checks share. */
export interface Subject<P extends Plugin, S extends Suite> {
  readonly plugin: P;
  readonly suite: S;
  readonly options: ParsedOptions;
  readonly backbone: Backbone;
}

/** Checks by what they say of a part that passes. A check throws where it does not. */
export type Checks<S> = Readonly<Record<string, (subject: S) => void | Promise<void>>>;

/** The option sets of a suite. */
export function optionSets(suite: Pick<Suite, 'options'>): readonly PartialConfiguration[] {
  return suite.options ?? [{}];
}

/** One plugin with one of its option sets. @throws ConformanceError where the plugin refuses the options */
export function subjectOf<P extends Plugin, S extends Suite>(
  plugin: P,
  suite: S,
  backbone: Backbone,
  options: PartialConfiguration,
): Subject<P, S> {
  return { plugin, suite, backbone, options: parsedOptions(plugin, options) };
}

/** Options as the plugin's schema makes them. @throws ConformanceError where it refuses them */
export function parsedOptions(plugin: Plugin, options: PartialConfiguration): ParsedOptions {
  const parsed = plugin.options.safeParse(options);
  demand(parsed.success, `It refuses these options: ${parsed.error && z.prettifyError(parsed.error)}`);
  return parsed.data;
}
