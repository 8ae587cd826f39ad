export declare const results: URL;
