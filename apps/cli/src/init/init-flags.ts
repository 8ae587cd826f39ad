/** What the command takes; what is absent is asked for, or is the default. */
export interface InitFlags {
  readonly images?: string;
  readonly checkpoint?: string;
  readonly prompt?: string;
  readonly labels?: string;
  readonly shots?: number;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly yes?: boolean;
}
