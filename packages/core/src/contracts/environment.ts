/** The programs and the machine that a result was computed with. */
export interface Environment {
  /** Commit of the working directory's git repository, and whether files were changed since; absent outside of one. */
  readonly git?: { readonly commit: string; readonly changed: boolean };
  /** Packages by name, and Node. */
  readonly versions: Readonly<Record<string, string>>;
  /** Modules that the parts of a run come from, with versions or digests. Absent where there are no parts, and in earlier versions. */
  readonly plugins?: Readonly<Record<string, string>>;
  readonly backend: string;
  /** What the last bits depend on besides: version, operations, processor, threads. */
  readonly computation?: string;
  readonly platform: string;
}
