// What the scripts of SQL databases share: they are told what to do in lines of JSON on standard
// input, and answer each with a line.
//
//   {"do": "open", "variant", "folder", "events", "threads", "first_day"}  -> {"settings"}
//   {"do": "prepare"}  makes what `load` reads, of the file `events`       -> {}
//   {"do": "load"}                                                        -> {"seconds"}
//   {"do": "seal"}                                                        -> {"seconds"}
//   {"do": "bytes"}                                                       -> {"bytes"}
//   {"do": "ask", "question"}  -> {"counts", "seconds"}, or {} when it is not for this variant
//
// {"error"} or {"absent"} come instead, when there is reason.
import {createRequire} from 'node:module';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

// The package as bench/rivals/setup installs it.
export function requirePackage(name) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const require = createRequire(join(cache, 'rollcall-rivals', 'package.json'));
  try {
    return require(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw Object.assign(new Error(`npm package ${name} is not installed`), {absent: true});
  }
}

export async function secondsOf(work) {
  const begin = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

// `handlers` has an async function for each thing to do; what it returns is the answer.
export async function serve(handlers) {
  for await (const line of createInterface({input: process.stdin})) {
    let answer;
    try {
      const request = JSON.parse(line);
      answer = await handlers[request.do](request) ?? {};
    } catch (error) {
      answer = error.absent ? {absent: error.message} : {error: String(error.message)};
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}
