/** What the browser would still store, in bytes; null where it does not say. */
export async function quotaLeft(storage: StorageManager | undefined): Promise<number | null> {
  const { quota, usage } = (await storage?.estimate().catch(() => undefined)) ?? {};
  return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
}
