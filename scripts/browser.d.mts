export function findBrowser(): string | null;
/** Ends the process with a sentence when there is none and none can be installed. */
export function requireBrowser(): string;
