/** The names that `torch.save` puts in a pickle, and what each stands for here. */
import { refuse } from '../domain/failure';
import { isDtype } from './dtype';
import type { Dtype } from './dtype';
import { Built, Callable, Inert, PickleMap, PickleTuple } from './pickle-values';
import type { PickleValue, PickleWorld } from './pickle-values';

const MAX_RANK = 8;

/** A run of elements in the file that tensors are views of. */
export class TorchStorage extends Built {
  readonly kind = 'storage';
  readonly key: string;
  /** Null when the storage is of bytes and each tensor says its own type. */
  readonly dtype: Dtype | null;
  /** In elements, or in bytes where there is no type. */
  readonly size: number;
  /** Where this view of the storage begins, in elements: only old files have views of storages. */
  readonly first: number;
  constructor(key: string, dtype: Dtype | null, size: number, first = 0) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.size = size;
    this.first = first;
  }
}

/** A strided view of a storage; offset and strides are in elements. */
export class TorchTensor extends Built {
  readonly kind = 'tensor';
  readonly storage: TorchStorage;
  readonly dtype: Dtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: TorchStorage,
    dtype: Dtype,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    super();
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** The class of a storage, or the name of an element type. */
class ElementType extends Built {
  readonly kind = 'elements';
  readonly dtype: Dtype | null;
  constructor(dtype: Dtype | null) {
    super();
    this.dtype = dtype;
  }
}

const STORAGES: Readonly<Record<string, Dtype | null>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  UntypedStorage: null,
};

const DTYPES: Readonly<Record<string, Dtype>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

/** Storages of types that a model's weights are not kept in, or that Patio does not read. */
const OTHER_ELEMENTS = /^(\w+Storage|float8\w*|float4\w*|complex\w+|q?u?int\d+x?\d*|bits\w+)$/;

/** Numbers and settings of other libraries that lie beside the weights: read, and left empty. */
const INERT_NAMES = [
  'torch.device',
  'torch.serialization._get_layout',
  'numpy.dtype',
  'numpy.ndarray',
  'numpy.core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy._core.multiarray._reconstruct',
  '_codecs.encode',
];

/** The world of one file's pickle; `file` is its name, for refusals. */
export function torchWorld(file: string): PickleWorld {
  const known = knownNames(file);
  return {
    global: (module, name) => known.get(`${module}.${name}`) ?? elementType(file, module, name),
    persistent: (id) => storageOf(file, id),
  };
}

function knownNames(file: string): ReadonlyMap<string, PickleValue> {
  const first = new Callable(([value]) => value ?? damaged(file, 'a parameter of nothing'));
  const inert = INERT_NAMES.map((name) => [name, new Callable(() => new Inert())] as const);
  const rebuilt = new Callable((args) => rebuild(file, args));
  const typed = new Callable((args) => rebuild(file, args, args[6]));
  const rebuiltAs = new Callable(([make, type, args]) => {
    const known = [rebuilt, typed].find((callable) => callable === make);
    if (known === undefined || !(type instanceof Inert) || !(args instanceof PickleTuple)) {
      return damaged(file, 'a tensor of an unknown class');
    }
    return known.call(args.items);
  });
  return new Map<string, PickleValue>([
    ...inert,
    ['torch._utils._rebuild_tensor', rebuilt],
    ['torch._utils._rebuild_tensor_v2', rebuilt],
    ['torch._utils._rebuild_tensor_v3', typed],
    ['torch._utils._rebuild_parameter', first],
    ['torch._utils._rebuild_parameter_with_state', first],
    // A tensor of a known class with attributes of its own.
    ['torch._tensor._rebuild_from_type_v2', rebuiltAs],
    ['torch.Tensor', new Inert()],
    ['torch.nn.parameter.Parameter', new Inert()],
    ['torch.Size', new Callable(([sizes]) => sizes ?? new PickleTuple([]))],
    ['collections.OrderedDict', new Callable((args) => orderedDict(file, args))],
  ]);
}

/** Storages of tensors that lived on a GPU have the same names in another module. */
function elementType(file: string, module: string, name: string): PickleValue | undefined {
  if (!['torch', 'torch.cuda', 'torch.storage'].includes(module)) return undefined;
  if (Object.hasOwn(STORAGES, name)) return new ElementType(STORAGES[name] ?? null);
  if (module !== 'torch') return undefined;
  if (Object.hasOwn(DTYPES, name)) return new ElementType(DTYPES[name] as Dtype);
  if (!OTHER_ELEMENTS.test(name)) return undefined;
  return refuse({ code: 'checkpoint-unsupported', what: 'dtype', detail: `${name} (${file})` });
}

/** `('storage', class, key, device, size)`, and in old files a view `(key, first, size)` or None. */
function storageOf(file: string, id: PickleValue): PickleValue {
  const [tag, type, key, , size, view] = id instanceof PickleTuple ? id.items : [];
  if (tag !== 'storage' || !(type instanceof ElementType) || typeof key !== 'string') {
    return damaged(file, 'a reference to no storage');
  }
  const first = view instanceof PickleTuple ? natural(file, view.items[1]) : 0;
  return new TorchStorage(key, type.dtype, natural(file, size), first);
}

function rebuild(
  file: string,
  [storage, offset, shape, strides]: readonly PickleValue[],
  type?: PickleValue,
): PickleValue {
  if (!(storage instanceof TorchStorage)) return damaged(file, 'a tensor without a storage');
  const dtype = type instanceof ElementType ? type.dtype : storage.dtype;
  if (dtype === null || !isDtype(dtype)) return damaged(file, 'a tensor without a type');
  const sizes = naturals(file, shape);
  const steps = naturals(file, strides);
  if (sizes.length > MAX_RANK || sizes.length !== steps.length) {
    return damaged(file, 'a tensor whose strides are not those of its shape');
  }
  return new TorchTensor(storage, dtype, natural(file, offset) + storage.first, sizes, steps);
}

/** Empty, or from a list of pairs. */
function orderedDict(file: string, [pairs]: readonly PickleValue[]): PickleValue {
  if (pairs === undefined) return new PickleMap();
  if (!Array.isArray(pairs)) return damaged(file, 'a dictionary of no pairs');
  const map = new PickleMap();
  for (const pair of pairs) {
    const [key, value] =
      pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : ([] as PickleValue[]);
    if (key === undefined || value === undefined) return damaged(file, 'a dictionary of no pairs');
    map.set(key, value);
  }
  return map;
}

function naturals(file: string, value: PickleValue | undefined): number[] {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : null;
  if (items === null || items.length > MAX_RANK) return damaged(file, 'sizes that are no list');
  return items.map((item) => natural(file, item));
}

function natural(file: string, value: PickleValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  return damaged(file, 'a size that is no whole number');
}

function damaged(file: string, detail: string): never {
  return refuse({ code: 'checkpoint-damaged', file, detail });
}
