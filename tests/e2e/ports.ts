/** `PATIO_TEST_PORT` moves both where something else sits on them. */
export const SITE_PORT = Number(process.env['PATIO_TEST_PORT'] ?? 4801);
/** The same site from a host that sends no headers. */
export const PLAIN_PORT = SITE_PORT + 1;
