export const SITE_PORT = 4801;
/** The same site from a host that sends no headers. */
export const PLAIN_PORT = 4802;
