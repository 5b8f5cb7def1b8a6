import { holdLifeline } from '../src/engine/lifeline.ts';
import { browserPackages } from '../src/storage/browser-packages.ts';
import { cutIfAsked } from '../src/engine/cut.ts';
import { createWorkerEngine } from './engine.ts';
import { serve } from './serve.ts';

cutIfAsked(self.name, (message) => self.postMessage(message));
holdLifeline(self.name, (message) => self.postMessage(message));
serve(createWorkerEngine(browserPackages));
