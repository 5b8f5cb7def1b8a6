/**
 * Where a person points to. Plain data that can be posted to a Worker: a `File` is only a handle, and
 * nothing is read before `openSource`.
 */
export type Origin =
  | {
      readonly kind: 'files';
      readonly name: string;
      /** `path` is relative to what was dropped or picked, with `/` between folders. */
      readonly files: readonly { readonly path: string; readonly file: File }[];
    }
  | { readonly kind: 'zip'; readonly file: File }
  | {
      readonly kind: 'hub';
      /** Absolute address of the Hub or of a mirror with its URL layout, without a final slash. */
      readonly endpoint: string;
      /** `owner/name`, or `name` alone for the few repositories without an owner. */
      readonly repo: string;
      /** Branch, tag or commit; null means the default branch. */
      readonly revision: string | null;
      /** Kept in memory only; never stored, never written to a log. */
      readonly token: string | null;
    };

export const DEFAULT_ENDPOINT = 'https://huggingface.co';
