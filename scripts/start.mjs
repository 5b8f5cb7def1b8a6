// `npm start`: installs what is missing and opens the app, with its embedded model, on this machine.
import { installDependencies, requireNode, runBin } from './lib.mjs';

requireNode();
installDependencies();
runBin('vite', process.argv.slice(2));
