import type { ClassPack } from '../pack.ts';
import { classEn } from './en.ts';
import { classEs } from './es.ts';

/** The class that comes with Patio, in each language of the interface. */
export const SHIPPED = { es: classEs, en: classEn } as const satisfies Record<string, ClassPack>;
