/* This program counts who came back, from C: it ingests a file, asks, and prints the answer. */
#include <rollcall.h>
#include <stdio.h>
#include <string.h>

/* Tells what went wrong, and frees the error. */
static int fail(rollcall_error* error) {
  fprintf(stderr, "retention: %s\n", rollcall_error_text(error, NULL));
  rollcall_error_free(error);
  return 1;
}

static int run(rollcall_engine* engine, const char* file) {
  const char* const question =
      "{\"kind\": \"retention\", \"return_event\": \"login\", \"periods\": 2}";
  rollcall_error* error = NULL;
  char paths[4096];
  char* answer = NULL;
  snprintf(paths, sizeof paths, "[\"%s\"]", file);
  if (rollcall_ingest_files(engine, paths, strlen(paths), NULL, 0, NULL, NULL, NULL, &error) != 0 ||
      rollcall_query(engine, question, strlen(question), NULL, 0, &answer, NULL, &error) != 0) {
    return fail(error);
  }
  puts(answer);
  rollcall_free(answer);
  return rollcall_close(engine, &error) == ROLLCALL_OK ? 0 : fail(error);
}

int main(int argc, char** argv) {
  rollcall_engine* engine = NULL;
  rollcall_error* error = NULL;
  int outcome;
  if (argc != 3) return fprintf(stderr, "usage: retention STORE FILE\n"), 2;
  if (rollcall_open(argv[1], strlen(argv[1]), NULL, 0, &engine, &error) != ROLLCALL_OK) {
    return fail(error);
  }
  outcome = run(engine, argv[2]);
  rollcall_engine_free(engine);
  return outcome;
}
