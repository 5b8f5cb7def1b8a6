/** What a scripted Worker does with a job; the job's prompt is the name. */
export type Scenario =
  | 'ok'
  | 'slow'
  | 'hang'
  | 'deaf'
  | 'crash'
  | 'poison'
  | 'throw'
  | 'exit'
  | 'forget'
  | 'garbage'
  | 'refuse'
  | 'lose'
  | 'lose-always'
  | 'lose-and-hang'
  | 'chatter';
