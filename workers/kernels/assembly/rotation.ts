// Rotary positions: pairs of a head's values turn by an angle that grows with the position.
import { splat } from './lanes';
import { Plan } from './attention-plan';

/** One head, turned for a position and times `factor`. */
export function turn(plan: Plan, position: i32, factor: f32, from: usize, to: usize): void {
  const width = plan.turning;
  const half = width >> 1;
  if (half > 0) {
    const row = (<usize>position * half) << 2;
    if (plan.interleaved) turnNeighbours(plan.cos + row, plan.sin + row, half, factor, from, to);
    else turnHalves(plan.cos + row, plan.sin + row, half, factor, from, to);
  }
  for (let i = half << 1; i < plan.headDim; i++) {
    const at = <usize>i << 2;
    store<f32>(to + at, load<f32>(from + at) * factor);
  }
}

function turnHalves(cos: usize, sin: usize, half: i32, factor: f32, from: usize, to: usize): void {
  const across = <usize>half << 2;
  const f = splat(factor);
  let i: usize = 0;
  for (; i + 16 <= across; i += 16) {
    const c = v128.load(cos + i), s = v128.load(sin + i);
    const a = f32x4.mul(v128.load(from + i), f), b = f32x4.mul(v128.load(from + across + i), f);
    v128.store(to + i, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
    v128.store(to + across + i, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
  }
  for (; i < across; i += 4) {
    const c = load<f32>(cos + i), s = load<f32>(sin + i);
    const a = load<f32>(from + i) * factor, b = load<f32>(from + across + i) * factor;
    store<f32>(to + i, a * c - b * s);
    store<f32>(to + across + i, b * c + a * s);
  }
}

function turnNeighbours(cos: usize, sin: usize, half: i32, factor: f32, from: usize, to: usize): void {
  for (let i = 0; i < half; i++) {
    const at = <usize>i << 2;
    const c = load<f32>(cos + at), s = load<f32>(sin + at);
    const a = load<f32>(from + (at << 1)) * factor, b = load<f32>(from + (at << 1), 4) * factor;
    store<f32>(to + (at << 1), a * c - b * s);
    store<f32>(to + (at << 1), b * c + a * s, 4);
  }
}
