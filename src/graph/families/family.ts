import type { Architecture } from '../../checkpoint/architecture';
import type { Arithmetic, Workbench } from '../arithmetic/arithmetic';
import type { LogitsAt } from '../blocks/head';
import type { PortList } from '../blocks/projection';

export interface BuildPlan {
  readonly bench: Workbench;
  readonly arithmetic: Arithmetic;
  /** Where the graph's adapter ports are noted; null builds a graph without any. */
  readonly ports: PortList | null;
  readonly logits: LogitsAt;
  readonly topK: number;
}

/** A model family: lays its graph on the workbench, asking for each tensor by its name. */
export interface Family<A extends Architecture> {
  build(architecture: A, plan: BuildPlan): void;
}
