/** What a project is made from. */
export interface Project {
  /** Where it is made; a relative path begins at the working directory. */
  readonly folder: string;
  /** Name of the npm package. */
  readonly name: string;
  /** Name of the plugin in configurations. */
  readonly plugin: string;
  /** A folder of `templates/`. */
  readonly kind: string;
  /** Holder of the copyright. */
  readonly author: string;
}
