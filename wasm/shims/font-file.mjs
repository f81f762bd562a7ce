// lib/pictures/font-file.ts for browsers: the bytes are in the bundle.
import bold from '@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff';
import regular from '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff';

/** The bytes of a face. */
export const fontFile = (weight) => (weight === 'bold' ? bold : regular).slice().buffer;
