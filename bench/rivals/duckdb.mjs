// DuckDB in the process of Node.js, by what is kept beside the raw table:
//   raw       nothing
//   properties  nothing, with two properties of each event
//   distinct  a table of distinct events, days and users; sealed, the days of each user
import {join} from 'node:path';
import {statSync} from 'node:fs';
import {countsOf, maskQuestions} from './masks.mjs';
import {orderQuestions, propertyQuestions, readCounts} from './order.mjs';
import {requirePackage, secondsOf, serve} from './script.mjs';

const masks = maskQuestions({
  and: (a, b) => `(${a} & ${b})`,
  shiftRight: (a, n) => `(${a} >> ${n})`,
  ones: (a) => `bit_count(${a})`,
  lowestDay: (a) => `bit_count(~${a} & (${a} - 1))`,
  countIf: (condition) => `count(*) FILTER (WHERE ${condition})`,
});

let connection, variant, folder, events, firstDay;
const run = (sql) => connection.run(sql);
const dayOf = (time) => `(date_diff('day', DATE '${firstDay}', ${time}::DATE))::UTINYINT`;
const sinceDay = (day) => `time >= TIMESTAMP '${firstDay}' + INTERVAL ${day} DAY`;
const path = (name) => join(folder, name);
const parquet = () => `${events}.parquet`;

// No function of DuckDB's finds the steps. Of each step this keeps the latest start that leads to
// it, step by step, in windows over each user's events.
function funnel(steps, window, where) {
  const latest = (step) => `max(start${step}) OVER (PARTITION BY user ORDER BY time, event
                                                    ROWS UNBOUNDED PRECEDING)`;
  let source = `SELECT user, event, ${hasProperties() ? 'channel, product, ' : ''}epoch_us(time) AS time,
      CASE WHEN ${steps[0]} THEN epoch_us(time) END AS start0
    FROM events WHERE ${where}`;
  for (let step = 1; step < steps.length; ++step) {
    source = `SELECT * REPLACE (CASE WHEN ${steps[step]} AND time - start${step} <= ${window}
                                THEN start${step} END AS start${step})
              FROM (SELECT *, ${latest(step - 1)} AS start${step} FROM (${source}))`;
  }
  const made = steps.map((_, step) => `count(start${step}) > 0`).map((test) => `(${test})::INT`);
  return `SELECT user, ${made.join(' + ')} AS made FROM (${source}) GROUP BY user`;
}

const hasProperties = () => variant === 'properties';
const walkQuestions = (dialect) =>
  hasProperties() ? propertyQuestions(dialect) : orderQuestions(dialect);
const orderedSql = (question) => walkQuestions({
  micros: (time) => `epoch_us(${time})`,
  dayOf,
  sinceDay,
  countIf: (condition) => `count(*) FILTER (WHERE ${condition})`,
  hasBit: (mask, n) => `((${mask} >> ${n}) & 1)`,
  orOfBits: (number, unit) => `bit_or(1::BIGINT << (${number} // ${unit})::INT)`,
  funnel,
})[question];

async function rowsOf(sql) {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows().map((row) => row.map(Number));
}

function sqlOf(question) {
  if (variant === 'distinct') return masks[question]?.('SELECT mask FROM user_masks');
  const inOrder = orderedSql(question);
  if (inOrder || hasProperties()) return inOrder;
  if (question === 'daily_60') {
    return `SELECT count(*) FROM (SELECT DISTINCT ${dayOf('time')} AS day, user FROM events)
            GROUP BY day ORDER BY day`;
  }
  if (question === 'monthly_30') {
    return `SELECT count(*) FROM (SELECT DISTINCT user FROM events WHERE ${sinceDay(30)})`;
  }
  const since = {churn_7d: 52, active_days_28: 32}[question] ?? 0;
  return masks[question]?.(`SELECT bit_or(1::BIGINT << ${dayOf('time')}) AS mask
                            FROM events WHERE ${sinceDay(since)} GROUP BY user`);
}

await serve({
  async open(request) {
    ({variant, folder, events} = request);
    firstDay = request.first_day;
    const {DuckDBInstance} = requirePackage('@duckdb/node-api');
    const instance = await DuckDBInstance.create(path('database'), {threads: `${request.threads}`});
    connection = await instance.connect();
    await run(`SET preserve_insertion_order = false`);
    const version = (await connection.runAndReadAll('SELECT version()')).getRows()[0][0];
    return {settings: `DuckDB ${version}, from a Parquet file without compression, threads=` +
                      `${request.threads} preserve_insertion_order=false; seal: days of each ` +
                      'user; bytes of the database file'};
  },
  async prepare() {
    if (statSync(parquet(), {throwIfNoEntry: false})) return;
    await run(`COPY (SELECT "user", make_timestamp("time") AS time, event, value
                 ${hasProperties() ? ', channel, product' : ''}
               FROM read_csv('${events}', header = false, columns = {
                 'user': 'UINTEGER', 'time': 'BIGINT', 'event': 'UTINYINT', 'value': 'BIGINT'
                 ${hasProperties() ? ", 'channel': 'UTINYINT', 'product': 'UTINYINT'" : ''}}))
               TO '${parquet()}' (FORMAT parquet, COMPRESSION uncompressed)`);
  },
  async load() {
    return {seconds: await secondsOf(async () => {
      await run(`CREATE TABLE events AS SELECT * FROM '${parquet()}'`);
      if (variant === 'distinct') {
        await run(`CREATE TABLE active AS
                   SELECT DISTINCT event, ${dayOf('time')} AS day, user FROM events`);
      }
      await run('CHECKPOINT');
    })};
  },
  async seal() {
    return {seconds: await secondsOf(async () => {
      if (variant !== 'distinct') return;
      await run(`CREATE TABLE user_masks AS
                 SELECT user, bit_or(1::BIGINT << day) AS mask FROM active GROUP BY user`);
      await run('CHECKPOINT');
    })};
  },
  async bytes() { return {bytes: statSync(path('database')).size}; },
  async ask({question}) {
    const sql = sqlOf(question);
    if (!sql) return {};
    let rows;
    const seconds = await secondsOf(async () => { rows = await rowsOf(sql); });
    return {counts: readCounts(question, rows) ?? countsOf(question, rows), seconds};
  },
});
