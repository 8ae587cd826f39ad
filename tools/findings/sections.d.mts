/** The names of the sections of a page, in its order. */
export declare function sectionsOf(page: string): string[];
/** The page with its numbers made anew from the data. */
export declare function withNumbers(page: string): string;
