// Finds a Chromium or Chrome of the system; on Debian and its kin installs the package when it may.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { attempt, fail } from './lib.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Path of a browser, or null. `PATIO_BROWSER` wins over everything found. */
export function findBrowser() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    process.env.PATIO_BROWSER,
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...PLACES,
  ];
  return candidates.find((path) => path && isExecutable(path)) ?? null;
}

export function requireBrowser() {
  const browser = findBrowser() ?? (installDebianPackage() ? findBrowser() : null);
  return (
    browser ??
    fail(
      'Las pruebas necesitan Chromium o Chrome: instálelo (en Debian o Ubuntu, `sudo apt-get install chromium`) o indique su ruta en PATIO_BROWSER.',
    )
  );
}

function installDebianPackage() {
  const isRoot = process.getuid?.() === 0;
  const hasApt = spawnSync('apt-get', ['--version']).status === 0;
  if (!isRoot || !hasApt) return false;
  console.log('Instalando Chromium del sistema…');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  attempt('apt-get', ['update', '-qq'], { env });
  return (
    attempt('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env }) ===
    0
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
