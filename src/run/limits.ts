/**
 * How large an experiment may grow. The composer keeps to these, and a file that goes beyond them is
 * refused before it is laid out. Characters are UTF-16 units.
 */
export const LIMITS = {
  prompts: 200,
  /** Lines of the table under one prompt. */
  tableRows: 1000,
  columns: 100,
  /** Of a prompt, and of one value in its table. */
  textChars: 32_000,
  stopChars: 200,
  titleChars: 200,
  answerChars: 1_000_000,
  tokensPerCell: 8192,
  alternativesPerToken: 20,
  /** Turns of one conversation. */
  turns: 200,
  /** Classes of one model. */
  labels: 100_000,
  /** Entities, blanks or answers of one cell. */
  spans: 32_000,
  fileChars: 64 * 1024 * 1024,
} as const;
