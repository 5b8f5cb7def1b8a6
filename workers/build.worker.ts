import { expose } from 'comlink';
import { holdLifeline } from '../src/engine/lifeline.ts';
import { browserDownloads } from '../src/storage/browser-downloads.ts';
import { browserPackages } from '../src/storage/browser-packages.ts';
import { createBuilderSurface } from './builder.ts';

holdLifeline(self.name, (message) => self.postMessage(message));
expose(createBuilderSurface(browserPackages(), browserDownloads()));
