import { fileURLToPath } from 'node:url';

/** The directory of the project's files. */
export const kProjectRoot = fileURLToPath(new URL('../../../', import.meta.url));
