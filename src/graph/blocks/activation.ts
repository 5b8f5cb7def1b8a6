/** The activations of feed-forward layers and heads, by the names that configurations give them. */
import { unsupported } from '../../checkpoint/config-reader';
import type { JsonObject } from '../../checkpoint/json-file';
import { MICROSOFT } from '../graph-builder';
import type { GraphBuilder, Value } from '../graph-builder';

type Write = (g: GraphBuilder, x: Value, name: string) => Value;

const standard =
  (type: string): Write =>
  (g, x, name) =>
    g.node(type, name, [x]);

const microsoft =
  (type: string): Write =>
  (g, x, name) =>
    g.node(type, name, [x], { domain: MICROSOFT });

/** `x · sigmoid(α x)` in one node; with α = 1 it is the SiLU. */
const sigmoidGate =
  (alpha: number): Write =>
  (g, x, name) =>
    g.node('QuickGelu', name, [x], {
      domain: MICROSOFT,
      attributes: { alpha: { float: alpha } },
    });

const gelu = microsoft('Gelu');
const geluTanh = microsoft('FastGelu');
const silu = sigmoidGate(1);

const ACTIVATIONS = {
  /** `x · Φ(x)`, with the error function itself. */
  gelu,
  gelu_python: gelu,
  /** Its approximation through the hyperbolic tangent, under the names it goes by. */
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  /** Its approximation through the sigmoid. */
  quick_gelu: sigmoidGate(1.702),
  silu,
  swish: silu,
  relu: standard('Relu'),
  tanh: standard('Tanh'),
  sigmoid: standard('Sigmoid'),
  linear: (_, x) => x,
} as const satisfies Readonly<Record<string, Write>>;

export type Activation = keyof typeof ACTIVATIONS;

/** The activation that a field of `config.json` names; refused where it is none of these. */
export function readActivation(config: JsonObject, key: string, fallback?: Activation): Activation {
  const value = config[key] ?? fallback;
  return typeof value === 'string' && isActivation(value) ? value : unsupported(key, value);
}

function isActivation(name: string): name is Activation {
  return Object.hasOwn(ACTIVATIONS, name);
}

/** Element by element. */
export function activate(g: GraphBuilder, x: Value, activation: Activation, name: string): Value {
  return ACTIVATIONS[activation](g, x, name);
}
