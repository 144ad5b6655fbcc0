// ClickHouse in the process of Node.js (chdb), by what is kept beside the raw table:
//   raw      nothing
//   by_user  nothing, and the table is sorted by user and time instead of by time
//   properties, properties_by_user  the same two, with two properties of each event
//   bitmaps  a view with a bitmap for each event and day
//   masks    a view with counters and the days for each event and user
//   views    both: about what rollcall keeps
import {join} from 'node:path';
import {countsOf, maskQuestions} from './masks.mjs';
import {orderQuestions, propertyQuestions, readCounts} from './order.mjs';
import {requirePackage, secondsOf, serve} from './script.mjs';

const masks = maskQuestions({
  and: (a, b) => `bitAnd(${a}, ${b})`,
  shiftRight: (a, n) => `bitShiftRight(${a}, ${n})`,
  ones: (a) => `bitCount(${a})`,
  lowestDay: (a) => `bitCount(bitAnd(bitNot(${a}), ${a} - 1))`,
  countIf: (condition) => `countIf(${condition})`,
});

// Blocks large enough that views have many events a key.
const settingsOf = (threads) => ({
  max_threads: threads,
  max_insert_threads: threads,
  min_insert_block_size_rows: 8_000_000,
  min_insert_block_size_bytes: 0,
  parallel_view_processing: 1,
});

const micros = (time) => `toUnixTimestamp64Micro(${time})`;

let session, variant, events, threads, firstDay, folder;
const query = (sql, format) => session.query(sql, format);
const isByUser = () => variant.endsWith('by_user');
const sortedBy = () => isByUser() ? '(user, time)' : 'time';
const hasProperties = () => variant.startsWith('properties');
const has = (view) => variant === view || variant === 'views';
const dayOf = (time) => `toUInt8(toDate(${time}) - toDate('${firstDay}'))`;
const sinceDay = (day) => `time >= toDateTime64('${firstDay}', 6, 'UTC') + INTERVAL ${day} DAY`;

const walkQuestions = (dialect) =>
  hasProperties() ? propertyQuestions(dialect) : orderQuestions(dialect);
const orderedSql = (question) => walkQuestions({
  micros,
  dayOf,
  sinceDay,
  countIf: (condition) => `countIf(${condition})`,
  hasBit: (mask, n) => `bitAnd(bitShiftRight(${mask}, ${n}), 1)`,
  orOfBits: (number, unit) =>
    `groupBitOr(bitShiftLeft(toUInt64(1), toUInt8(intDiv(${number}, ${unit}))))`,
  funnel: (steps, window, where) => `
    SELECT user, windowFunnel(${window})(toUInt64(${micros('time')}),
      ${steps.join(', ')}) AS made
    FROM events WHERE ${where} GROUP BY user`,
})[question];

function createTables() {
  query('CREATE DATABASE w ENGINE = Atomic');
  query('USE w');
  query(`CREATE TABLE events (user UInt32, time DateTime64(6, 'UTC'), event UInt8, value Int64
           ${hasProperties() ? ', channel UInt8, product UInt8' : ''})
         ENGINE = MergeTree ORDER BY ${sortedBy()}`);
  if (has('bitmaps')) {
    query(`CREATE TABLE event_day_users (event UInt8, day UInt8,
             users AggregateFunction(groupBitmap, UInt32))
           ENGINE = AggregatingMergeTree ORDER BY (event, day)`);
    query(`CREATE MATERIALIZED VIEW to_event_day_users TO event_day_users AS
           SELECT event, ${dayOf('time')} AS day, groupBitmapState(user) AS users
           FROM events GROUP BY event, day`);
  }
  if (has('masks')) {
    query(`CREATE TABLE event_users (event UInt8, user UInt32,
             events SimpleAggregateFunction(sum, UInt64),
             value SimpleAggregateFunction(sum, Int64),
             mask SimpleAggregateFunction(groupBitOr, UInt64))
           ENGINE = AggregatingMergeTree ORDER BY (event, user)`);
    query(`CREATE MATERIALIZED VIEW to_event_users TO event_users AS
           SELECT event, user, count() AS events, sum(value) AS value,
             groupBitOr(bitShiftLeft(toUInt64(1), ${dayOf('time')})) AS mask
           FROM events GROUP BY event, user`);
  }
}

// Of any event, and those never seen before, by day; the days of each user. One part, where order
// is what the table is for.
function sealTables() {
  if (isByUser()) query('OPTIMIZE TABLE events FINAL');
  if (has('bitmaps')) {
    query('OPTIMIZE TABLE event_day_users FINAL');
    query(`CREATE TABLE day_users ENGINE = MergeTree ORDER BY day AS
           SELECT day, groupBitmapMergeState(users) AS any FROM event_day_users GROUP BY day`);
    query(`CREATE TABLE day_new_users ENGINE = MergeTree ORDER BY day AS
           SELECT day, groupBitmapState(user) AS fresh
           FROM (SELECT user, min(day) AS day
                 FROM (SELECT day, arrayJoin(bitmapToArray(any)) AS user FROM day_users)
                 GROUP BY user)
           GROUP BY day`);
  }
  if (has('masks')) {
    query('OPTIMIZE TABLE event_users FINAL');
    query(`CREATE TABLE user_masks ENGINE = MergeTree ORDER BY user AS
           SELECT user, groupBitOr(mask) AS mask FROM event_users GROUP BY user`);
  }
}

// Bitmaps of several days as one.
const unionOf = (first, last, table = 'day_users', column = 'any') =>
  `(SELECT groupBitmapMergeState(${column}) FROM ${table} WHERE day BETWEEN ${first} AND ${last})`;

const retentionOf = (table, column) => `SELECT cohort, groupArray(users) FROM (
    SELECT c.day AS cohort, d.day AS day, bitmapAndCardinality(c.${column}, d.any) AS users
    FROM (SELECT day, ${column} FROM ${table} WHERE day < 30) AS c CROSS JOIN day_users AS d
    WHERE d.day >= c.day AND d.day < c.day + 30 ORDER BY cohort, day)
  GROUP BY cohort`;

const bitmapQuestions = {
  daily_60: 'SELECT bitmapCardinality(any) FROM day_users ORDER BY day',
  monthly_30: 'SELECT groupBitmapMerge(any) FROM day_users WHERE day >= 30',
  retention_30x30: retentionOf('day_new_users', 'fresh'),
  recurring_30x30: retentionOf('day_users', 'any'),
  lifecycle_week: `WITH ${unionOf(53, 59)} AS week, ${unionOf(46, 52)} AS before,
      ${unionOf(53, 59, 'day_new_users', 'fresh')} AS fresh
    SELECT bitmapCardinality(fresh), bitmapAndCardinality(week, before),
      bitmapAndnotCardinality(week, before) - bitmapCardinality(fresh),
      bitmapAndnotCardinality(before, week)`,
  churn_7d: `WITH ${unionOf(52, 52)} AS base, ${unionOf(53, 59)} AS later
    SELECT bitmapCardinality(base), bitmapAndCardinality(base, later),
      bitmapAndnotCardinality(base, later)`,
  active_days_28: `SELECT days - 1, count() FROM (
      SELECT count() AS days
      FROM (SELECT arrayJoin(bitmapToArray(any)) AS user FROM day_users WHERE day >= 32)
      GROUP BY user)
    GROUP BY days`,
};

function sqlOf(question) {
  const onMasks = masks[question];
  const inOrder = orderedSql(question);
  // Where the table is in the order of users, what walks all events of each is faster with it.
  if (isByUser()) {
    const walks = question.startsWith('funnel');
    return inOrder && `${inOrder} SETTINGS optimize_aggregation_in_order = ${walks ? 1 : 0}`;
  }
  if (hasProperties()) return inOrder;
  if (variant === 'raw' && inOrder) return inOrder;
  if (variant === 'raw') {
    if (question === 'daily_60') {
      return `SELECT groupBitmap(user) FROM events GROUP BY toDate(time) ORDER BY toDate(time)`;
    }
    if (question === 'monthly_30') {
      return `SELECT groupBitmap(user) FROM events WHERE ${sinceDay(30)}`;
    }
    const since = {churn_7d: 52, active_days_28: 32}[question] ?? 0;
    return onMasks?.(`SELECT groupBitOr(bitShiftLeft(toUInt64(1), ${dayOf('time')})) AS mask
                      FROM events WHERE ${sinceDay(since)} GROUP BY user`);
  }
  // Where both are kept, what answers sooner.
  const better = ['daily_60', 'monthly_30', 'retention_30x30', 'recurring_30x30'];
  if (variant === 'bitmaps' || (variant === 'views' && better.includes(question))) {
    return bitmapQuestions[question];
  }
  return onMasks?.('SELECT mask FROM user_masks');
}

await serve({
  async open(request) {
    ({variant, events, threads, folder} = request);
    firstDay = request.first_day;
    const {Session} = requirePackage('chdb');
    session = new Session(join(folder, 'database'));
    const version = query('SELECT version()', 'TSV').trim();
    for (const [name, value] of Object.entries(settingsOf(threads))) query(`SET ${name} = ${value}`);
    createTables();
    const listed = Object.entries(settingsOf(threads)).map(([name, value]) => `${name}=${value}`);
    return {settings: `ClickHouse ${version} (chdb), MergeTree by ${sortedBy()} from a Native file, ` +
                      `${listed.join(' ')}; seal: OPTIMIZE FINAL, sets of any event; ` +
                      'bytes of active parts of all tables'};
  },
  async prepare() {},
  async load() {
    return {seconds: await secondsOf(() => query(
      `INSERT INTO events SELECT * FROM file('${events}', Native)`))};
  },
  async seal() { return {seconds: await secondsOf(sealTables)}; },
  async bytes() {
    return {bytes: Number(query(`SELECT sum(bytes_on_disk) FROM system.parts
                                 WHERE active AND database = 'w'`, 'TSV'))};
  },
  async ask({question}) {
    const sql = sqlOf(question);
    if (!sql) return {};
    let text;
    const seconds = await secondsOf(() => { text = query(sql, 'JSONCompactEachRow'); });
    const rows = text.trim().split('\n').map((line) => JSON.parse(line).flat().map(Number));
    return {counts: readCounts(question, rows) ?? countsOf(question, rows), seconds};
  },
});
