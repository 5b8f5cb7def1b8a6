// `npm test`: everything, from nothing. Installs what is missing, checks, builds, and drives the built site in a browser.
import { requireBrowser } from './browser.mjs';
import { installDependencies, requireNode, runBin } from './lib.mjs';

requireNode();
installDependencies();
const browser = requireBrowser();
await import('./check.mjs');
console.log('\n> vite build');
runBin('vite', ['build']);
console.log('\n> playwright test');
runBin('@playwright/test', ['test', '-c', 'tests/e2e/playwright.config.ts'], {
  name: 'playwright',
  env: { PATIO_BROWSER: browser },
});
