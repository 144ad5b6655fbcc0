// The questions in the SQL of a table of users with a mask of their days, which ClickHouse and
// DuckDB share but for the names of functions. The days are those of rival_questions.h.
const COHORTS = 30, ACTIVE_DAYS = 28;
const dayMask = (first, count) => (((1n << BigInt(count)) - 1n) << BigInt(first)).toString();
const WINDOW = dayMask(30, 30);
const ACTIVE_WINDOW = dayMask(60 - ACTIVE_DAYS, ACTIVE_DAYS);
const WEEK = dayMask(53, 7), WEEK_BEFORE = dayMask(46, 7), SEEN = dayMask(0, 53);
const CHURN_DAY = dayMask(52, 1), CHURN_LATER = dayMask(53, 7);

const list = (count, make) => Array.from({length: count}, (_, i) => make(i)).join(', ');

// `dialect`: and(a, b), shiftRight(a, n), ones(a), lowestDay(a), countIf(condition).
export function maskQuestions({and, shiftRight, ones, lowestDay, countIf}) {
  const bit = (mask, day) => and(shiftRight(mask, day), 1);
  const has = (mask, days) => `${and(mask, days)} != 0`;
  const not = (mask, days) => `${and(mask, days)} = 0`;
  const from = (source) => `FROM (${source}) AS users`;
  return {
    daily_60: (source) => `SELECT ${list(60, (day) => `sum(${bit('mask', day)})`)} ${from(source)}`,
    monthly_30: (source) => `SELECT ${countIf(has('mask', WINDOW))} ${from(source)}`,
    // Each user's days from the first one on.
    retention_30x30: (source) => `SELECT first, ${list(COHORTS, (k) => `sum(${bit('later', k)})`)}
      FROM (SELECT first, ${shiftRight('mask', 'first')} AS later
            FROM (SELECT mask, ${lowestDay('mask')} AS first ${from(source)}) AS firsts
            WHERE first < ${COHORTS}) AS joined
      GROUP BY first`,
    lifecycle_week: (source) => `SELECT
      ${countIf(`${has('mask', WEEK)} AND ${not('mask', SEEN)}`)},
      ${countIf(`${has('mask', WEEK)} AND ${has('mask', WEEK_BEFORE)}`)},
      ${countIf(`${has('mask', WEEK)} AND ${not('mask', WEEK_BEFORE)} AND ${has('mask', SEEN)}`)},
      ${countIf(`${not('mask', WEEK)} AND ${has('mask', WEEK_BEFORE)}`)} ${from(source)}`,
    churn_7d: (source) => `SELECT ${countIf(has('mask', CHURN_DAY))},
      ${countIf(`${has('mask', CHURN_DAY)} AND ${has('mask', CHURN_LATER)}`)},
      ${countIf(`${has('mask', CHURN_DAY)} AND ${not('mask', CHURN_LATER)}`)} ${from(source)}`,
    active_days_28: (source) => `SELECT days - 1, count(*)
      FROM (SELECT ${ones(and('mask', ACTIVE_WINDOW))} AS days ${from(source)}) AS active
      WHERE days > 0 GROUP BY days`,
  };
}

// The counts of an answer's rows. Those that begin with their row's number may come in any order,
// and without the rows that are all 0.
export function countsOf(question, rows) {
  const numbered = {retention_30x30: [COHORTS, COHORTS], recurring_30x30: [COHORTS, COHORTS],
                    rolling_30x30: [COHORTS, COHORTS], active_days_28: [ACTIVE_DAYS, 1],
                    rfm_125: [125, 1]}[question];
  if (!numbered) return rows.flat();
  const [height, width] = numbered;
  const counts = new Array(height * width).fill(0);
  for (const [number, ...cells] of rows) {
    cells.forEach((cell, i) => { counts[number * width + i] = cell; });
  }
  return counts;
}
