/** What an evaluation protocol asks of a configuration. */
export interface ProtocolProperties {
  /** Classes that are trained on. */
  readonly trainsOn: 'all' | 'base';
  /** Tests on classes that the prompts were not trained on. */
  readonly testsNovelClasses: boolean;
}

/** The evaluation protocols of the papers. */
export const protocols = {
  'few-shot': { trainsOn: 'all', testsNovelClasses: false },
  'base-to-novel': { trainsOn: 'base', testsNovelClasses: true },
  'cross-dataset': { trainsOn: 'all', testsNovelClasses: true },
  'domain-generalisation': { trainsOn: 'all', testsNovelClasses: true },
  incremental: { trainsOn: 'base', testsNovelClasses: true },
} as const satisfies Record<string, ProtocolProperties>;

export type ProtocolName = keyof typeof protocols;

export const protocolNames = Object.keys(protocols) as [ProtocolName, ...ProtocolName[]];
