// What `npm start`, `npm test` and `npm run check` share. Only Node itself: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends with a sentence rather than a stack trace when Node is older than package.json asks. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `Patio necesita Node 20.19 o posterior; aquí hay ${process.versions.node}. https://nodejs.org`,
  );
}

/** Runs `npm ci` when the dependencies are missing or older than the lock file. */
export function installDependencies() {
  const lock = join(ROOT, 'package-lock.json');
  const stamp = join(ROOT, 'node_modules', '.package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Instalando dependencias…');
  run('npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}

/** Runs a command with our terminal; ends this process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const code = attempt(command, args, options);
  if (code !== 0) process.exit(code);
}

export function attempt(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

/** Path of an installed package's command, so that nothing depends on a shell or on PATH. */
export function bin(packageName, name = packageName) {
  const folder = join(ROOT, 'node_modules', packageName);
  const { bin: entry } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof entry === 'string' ? entry : entry[name]);
}

export function runBin(packageName, args, { name, env } = {}) {
  run(
    process.execPath,
    [bin(packageName, name), ...args],
    env ? { env: { ...process.env, ...env } } : {},
  );
}

export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
