// The questions about events in their order, in SQL that ClickHouse and DuckDB share but for the
// names of functions. Names, lengths and days are those of rival_questions.cpp.
const COHORTS = 30, SINCE_DAY = 30, PURCHASE = 6;
const HOUR = 3_600_000_000n, DAY = 24n * HOUR;
const FUNNELS = {
  funnel_3_7d: {steps: [0, 3, 5], window: 7n * DAY},
  funnel_3_1h: {steps: [0, 3, 5], window: HOUR},
  funnel_5_30d: {steps: [0, 1, 2, 3, 5], window: 30n * DAY},
};

// A value of each property, by number.
const WANTED = 'channel = 2 AND product = 17';

const list = (items, make) => items.map(make).join(', ');
const numbers = (count) => Array.from({length: count}, (_, i) => i);

const usersBySteps = (countIf) => (steps, source) =>
  `SELECT ${list(numbers(steps), (step) => countIf(`made > ${step}`))} FROM (${source}) AS users`;

// `dialect`: micros(time), dayOf(time), sinceDay(day), countIf(condition), hasBit(mask, n),
// orOfBits(number, unit), bits number / unit of all rows; and funnel(steps, window, where)
// with conditions of each step and of any of them, which selects `user` and the most steps `made`.
export function orderQuestions({micros, dayOf, sinceDay, countIf, hasBit, orOfBits, funnel}) {
  const reached = usersBySteps(countIf);
  const within = (time) => `${time} <= time + ${7n * DAY}`;
  const questions = {
    // windowFunnel('strict_order') ends at the first event that is out of order, and so counts other
    // users: the two events that come next tell it.
    funnel_3_strict: reached(3, `
      SELECT user, max(CASE WHEN event != 0 THEN 0
                            WHEN event1 != 3 OR NOT ${within('time1')} THEN 1
                            WHEN event2 != 5 OR NOT ${within('time2')} THEN 2
                            ELSE 3 END) AS made
      FROM (SELECT user, event, time, lead(event, 1, 255) OVER w AS event1,
              lead(event, 2, 255) OVER w AS event2, lead(time, 1, time) OVER w AS time1,
              lead(time, 2, time) OVER w AS time2
            FROM (SELECT user, event, ${micros('time')} AS time FROM events) AS instants
            WINDOW w AS (PARTITION BY user ORDER BY time, event)) AS followed
      GROUP BY user`),
    times_3_30d: `SELECT count(*) FROM (
      SELECT user FROM events WHERE event = ${PURCHASE} AND ${sinceDay(SINCE_DAY)}
      GROUP BY user HAVING count(*) >= 3) AS users`,
    amount_30d: `SELECT count(DISTINCT user) FROM events
      WHERE event = ${PURCHASE} AND ${sinceDay(SINCE_DAY)} AND value >= 50000000
        AND value < 100000000`,
    rolling_30x30: `SELECT cohort, ${list(numbers(COHORTS), (k) => `sum(${hasBit('mask', k)})`)}
      FROM (SELECT user, min(${dayOf('first')}) AS cohort,
              ${orOfBits(`(${micros('time')} - ${micros('first')})`, DAY)} AS mask
            FROM events JOIN (SELECT user, min(time) AS first FROM events GROUP BY user) AS firsts
              USING (user)
            GROUP BY user) AS users
      WHERE cohort < ${COHORTS} GROUP BY cohort`,
  };
  for (const [name, {steps, window}] of Object.entries(FUNNELS)) {
    const conditions = steps.map((step) => `event = ${step}`);
    questions[name] =
      reached(steps.length, funnel(conditions, window, `event IN (${steps.join(', ')})`));
  }
  return questions;
}

// Questions about a table whose events have two properties as well; `dialect` as above.
export function propertyQuestions({countIf, funnel}) {
  const last = `event = 5 AND ${WANTED}`;
  const source =
    funnel(['event = 0', 'event = 3', last], 7n * DAY, `event IN (0, 3) OR (${last})`);
  return {
    two_properties:
      `SELECT count(DISTINCT user) FROM events WHERE event = ${PURCHASE} AND ${WANTED}`,
    funnel_properties: usersBySteps(countIf)(3, source),
  };
}
