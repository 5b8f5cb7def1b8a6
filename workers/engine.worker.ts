import { refuse } from '../src/domain/failure.ts';
import { holdLifeline } from '../src/engine/lifeline.ts';
import { createWorkerEngine } from './engine.ts';
import { serve } from './serve.ts';

holdLifeline(self.name, (message) => self.postMessage(message));
serve(createWorkerEngine(() => refuse({ code: 'unexpected', detail: 'no package store yet' })));
