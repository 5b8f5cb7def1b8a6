import { createWorkerEngine } from './engine.ts';
import { serve } from './serve.ts';

serve(createWorkerEngine());
