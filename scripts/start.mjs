// `npm start`: installs what is missing and opens the app, with its embedded model, on this machine.
import { installDependencies, requireNode, runBin } from './lib.mjs';

requireNode();
installDependencies();
const { platform, stdout, env } = process;
const hasDesktop = platform !== 'linux' || Boolean(env.DISPLAY ?? env.WAYLAND_DISPLAY);
const open = stdout.isTTY && hasDesktop && !env.CI ? ['--open'] : [];
runBin('vite', [...open, ...process.argv.slice(2)]);
