/** A parsed JSON object of the server. */
export type JsonObject = Readonly<Record<string, unknown>>;
