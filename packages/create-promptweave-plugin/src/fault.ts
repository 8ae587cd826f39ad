/** What the user can mend: what is wrong, and what to do about it. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}
