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
const LTV_DAYS = [0, 1, 3, 7, 14, 21, 28, 35, 42, 56];
const TRY_DAYS = 7n, BACK_FROM = 8, BACK_TO = 30, LEVELS = [1, 2, 3, 5, 10], EVENTS = 8;

// The candidates of aha: each name, and pairs of them.
function candidates() {
  const found = [];
  for (let apart = 0; found.length < 20; ++apart) {
    for (let name = 0; name + apart < EVENTS && found.length < 20; ++name) {
      found.push(apart === 0 ? [name] : [name, name + apart]);
    }
  }
  return found;
}

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
  // The scores are places of 5 among all users, those with equal numbers in the middle of theirs.
  const score = (column) => `floor(5 * (2 * (rank() OVER (ORDER BY ${column}) - 1) +
      count(*) OVER (PARTITION BY ${column})) / (2 * count(*) OVER ()))`;
  questions.rfm_125 = `SELECT 25 * r + 5 * f + m, count(*) FROM (
      SELECT ${score('last')} AS r, ${score('events')} AS f, ${score('spent')} AS m FROM (
        SELECT user, max(${dayOf('time')}) AS last, count(*) AS events, sum(value) AS spent
        FROM events GROUP BY user) AS users) AS scored
    GROUP BY r, f, m`;
  const spent = (day) => `sum(CASE WHEN day <= first_day + ${day} THEN value ELSE 0 END)`;
  questions.ltv_60x10 = `SELECT cohort, count(*),
      ${list(LTV_DAYS, (_, i) => `${countIf(`spent${i} > 0`)}, sum(spent${i})`)}
    FROM (SELECT user, min(first_day) AS cohort,
            ${list(LTV_DAYS, (day, i) => `${spent(day)} AS spent${i}`)}
          FROM (SELECT user, ${dayOf('time')} AS day, value FROM events) AS paid
            JOIN (SELECT user, min(${dayOf('time')}) AS first_day FROM events GROUP BY user) AS firsts
            USING (user)
          GROUP BY user) AS users
    GROUP BY cohort ORDER BY cohort`;
  // No user has two events of one time, so that those after the first are all but the first.
  const isTried = `${micros('time')} > first AND ${micros('time')} <= first + ${TRY_DAYS * DAY}`;
  const isBack = `day >= first_day + ${BACK_FROM} AND day <= first_day + ${BACK_TO}`;
  const times = (names) => names.map((name) => `tried${name}`).join(' + ');
  questions.aha_20 = `SELECT ${list(candidates(), (names) => list(LEVELS, (level) =>
      `${countIf(`${times(names)} >= ${level}`)}, ${countIf(`${times(names)} >= ${level} AND back > 0`)}`))}
    FROM (SELECT user, ${list(numbers(EVENTS), (name) =>
            `${countIf(`event = ${name} AND ${isTried}`)} AS tried${name}`)},
            ${countIf(isBack)} AS back
          FROM (SELECT user, time, event, ${dayOf('time')} AS day FROM events) AS made
            JOIN (SELECT user, min(${micros('time')}) AS first, min(${dayOf('time')}) AS first_day
                  FROM events GROUP BY user) AS firsts
            USING (user)
          WHERE first_day < ${60 - BACK_TO} GROUP BY user) AS users`;
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

// The counts of answers that are not read row by row.
export function readCounts(question, rows) {
  const flat = rows.flat();
  if (question === 'aha_20') {
    const pairs = flat.filter((_, i) => i % 2 === 0).map((all, i) => [all, flat[2 * i + 1]]);
    return pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]).flat();
  }
  if (question === 'ltv_60x10') {
    return rows.flatMap(([cohort, size, ...sums]) => LTV_DAYS.flatMap((day, i) =>
      cohort + day < 60 ? [size, sums[2 * i], sums[2 * i + 1]] : []));
  }
  return undefined;
}
