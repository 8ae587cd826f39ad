/** Tables of the page by their names there. */
export declare const sections: Readonly<Record<string, () => string>>;
