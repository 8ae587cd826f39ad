/** The programs and the machine that a result was computed with. */
export interface Environment {
  /** Commit of the working directory's git repository, and whether files were changed since; absent outside of one. */
  readonly git?: {
    /** Hash of the commit that was checked out. */
    readonly commit: string;
    /** Whether a file that git tracks differed from it. */
    readonly changed: boolean;
  };
  /** Packages by name, and Node. */
  readonly versions: Readonly<Record<string, string>>;
  /** Modules that the parts of a run come from, with versions or digests. Absent where there are no parts, and in earlier versions. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** The TensorFlow.js backend and what the program knows of its library, GPU and precision, e.g. `tensorflow 2.21.0`. */
  readonly backend: string;
  /** What the last bits depend on besides: version, operations, processor, threads. */
  readonly computation?: string;
  /** Operating system and processor as Node names them, e.g. `linux-x64`. */
  readonly platform: string;
}
