/**
 * What is wrong with the address of a tracking server; undefined where nothing is. The address itself is not repeated: it may hold a
 * password, in more spellings than one thinks of.
 */
export function addressProblem(uri: string): string | undefined {
  if (/[\s\\\p{Cc}]/u.test(uri)) return 'has white space, a backslash or a control character in it';
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
    return 'is not the http(s) address of a tracking server';
  }
  const { username, password, search, hash } = new URL(uri);
  if (username || password) {
    return 'has a user name or a password in it, which would be recorded; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead';
  }
  return search || hash ? 'has a ? or a # in it' : undefined;
}

/** Whether two texts are the address of one server: origin and path. */
export function isSameAddress(one: string, other: string | undefined): boolean {
  if (!other || addressProblem(one) || addressProblem(other)) return false;
  return normal(one) === normal(other);
}

/** An address in the spelling that all its spellings share. */
export function normal(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
