import { findBrowser } from '../../../scripts/browser.mjs';

/** The system's browser, asking nothing of the world by itself. */
export const LAUNCH = {
  executablePath: findBrowser() ?? '',
  args: [
    '--no-sandbox',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** With a GPU made of software: slow, and right. */
export const LAUNCH_WITH_GPU = {
  ...LAUNCH,
  args: [...LAUNCH.args, '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
};
