/** The package's version: a test holds it to package.json's, which a bundle of the library cannot read. */
export const VERSION = '0.1.0';
