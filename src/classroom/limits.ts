/** How large a class may be; a file beyond is refused. Characters are UTF-16 units. */
export const CLASS_LIMITS = {
  titleChars: 200,
  summaryChars: 1000,
  paragraphChars: 4000,
  paragraphs: 40,
  exercises: 60,
  steps: 40,
  questions: 20,
  minutes: 600,
  models: 60,
  filesOfPackage: 400,
  runs: 200,
  golden: 120,
  goldenTokens: 64,
  goldenChars: 4000,
  aliasChars: 60,
  answerChars: 8000,
  /** Of `clase.json` or of a hand-in, recorded runs included. */
  fileChars: 64 * 1024 * 1024,
  /** Hand-ins that are put side by side at once. */
  handIns: 1000,
} as const;
