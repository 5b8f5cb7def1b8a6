import { defineConfig } from '@playwright/test';
import { PLAIN_PORT, SITE_PORT } from './ports.ts';
import { LAUNCH } from './support/browser.ts';

/** The built site, driven in the system's Chromium: with isolation headers, and on a plain host without them. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env['CI']),
  // One browser at a time: models share two cores with the tests.
  workers: 1,
  reporter: [['list']],
  use: {
    baseURL: `http://localhost:${SITE_PORT}/patio/`,
    locale: 'es-ES',
    trace: 'off',
    launchOptions: LAUNCH,
  },
  webServer: [
    {
      command: `node tests/e2e/serve.mjs ${SITE_PORT} isolated`,
      cwd: '../..',
      port: SITE_PORT,
      reuseExistingServer: false,
    },
    {
      command: `node tests/e2e/serve.mjs ${PLAIN_PORT} plain`,
      cwd: '../..',
      port: PLAIN_PORT,
      reuseExistingServer: false,
    },
  ],
});
