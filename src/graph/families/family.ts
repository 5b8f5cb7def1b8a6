import type { JsonObject } from '../../checkpoint/json-file';
import type { Architecture, GraphRole } from '../architecture';
import type { Arithmetic, Workbench } from '../arithmetic/arithmetic';
import type { LogitsAt } from '../blocks/head';
import type { PortList } from '../blocks/projection';
import type { Head } from '../head';

export interface BuildPlan {
  readonly bench: Workbench;
  readonly arithmetic: Arithmetic;
  /** Where the graph's adapter ports are noted; null builds a graph without any. */
  readonly ports: PortList | null;
  readonly logits: LogitsAt;
  readonly topK: number;
  /** Which graph of the package is being built; an encoder–decoder has two. */
  readonly role: GraphRole;
  readonly head: Head;
}

/** A model family: reads its numbers, and lays its graph, asking for each tensor by its name. */
export interface Family<A extends Architecture> {
  /** Values of `model_type` in `config.json`. */
  readonly modelTypes: readonly string[];
  /**
   * What stands before the names of a base model's tensors once a head is put on it, such as
   * `bert` in `bert.encoder…`: a checkpoint saved with the head or without it is read alike.
   */
  readonly prefix: string;
  /** Refuses by name every setting that the graph would not honour. */
  read(config: JsonObject): A;
  build(architecture: A, plan: BuildPlan): void;
  /** Fields that stock loaders look for in a package's `config.json`, and some files lack. */
  readonly stock?: (architecture: A) => JsonObject;
}

/** A family whose own architecture stays between its reading and its building. */
export interface FamilyEntry {
  readonly modelTypes: readonly string[];
  recognise(config: JsonObject): FamilyModel;
}

export interface FamilyModel {
  readonly architecture: Architecture;
  readonly prefix: string;
  readonly build: (plan: BuildPlan) => void;
  readonly stock: JsonObject;
}

export function entry<A extends Architecture>(family: Family<A>): FamilyEntry {
  return {
    modelTypes: family.modelTypes,
    recognise: (config) => {
      const architecture = family.read(config);
      return {
        architecture,
        prefix: family.prefix,
        build: (plan) => family.build(architecture, plan),
        stock: family.stock?.(architecture) ?? {},
      };
    },
  };
}
