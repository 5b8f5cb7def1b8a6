// `npm run check`: format, lint, types of the page, of the Workers and of the tools, and every test that needs no browser.
import { installDependencies, requireNode, runBin } from './lib.mjs';

requireNode();
installDependencies();
export const CHECKS = [
  ['prettier', ['--check', '--log-level', 'warn', '.']],
  ['eslint', ['.', '--max-warnings', '0']],
  ['svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings']],
  ['typescript', ['--noEmit', '-p', 'workers/tsconfig.json'], 'tsc'],
  ['typescript', ['--noEmit', '-p', 'tsconfig.node.json'], 'tsc'],
  ['vitest', ['run']],
];
for (const [name, args, command] of CHECKS) {
  console.log(`\n> ${command ?? name} ${args.join(' ')}`);
  runBin(name, args, { name: command });
}
