/**
 * `npm run bench`: Patio beside other ways to run the same weights, in one browser, in turns.
 * `npm run bench -- build`: what it costs to turn a checkpoint into a package.
 * `npm run bench -- mirror`: the room server with a class in front of it, beside nginx.
 * `npm run bench -- --gpu`: its speed on this machine's GPU.
 */
import { benchBuild } from './build.ts';
import { benchDecode } from './decode.ts';
import { benchGpu, wantsGpu } from './gpu.ts';
import { benchMirror } from './mirror.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === 'build') await benchBuild(rest);
else if (what === 'mirror') await benchMirror(rest);
else if (wantsGpu(process.argv)) await benchGpu(process.argv.slice(2));
else await benchDecode();
