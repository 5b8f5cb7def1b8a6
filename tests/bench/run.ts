/**
 * `npm run bench`: Patio beside other ways to run the same weights, in one browser, in turns.
 * `npm run bench -- build`: what it costs to turn a checkpoint into a package.
 */
import { benchBuild } from './build.ts';
import { benchDecode } from './decode.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === 'build') await benchBuild(rest);
else await benchDecode();
