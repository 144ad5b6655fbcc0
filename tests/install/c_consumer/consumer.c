/* This program has rollcall as it is installed, and makes a store. */
#include <rollcall.h>
#include <rollcall/arrow_interface.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  const char* const question = "{\"kind\": \"active\"}";
  rollcall_engine* engine = NULL;
  struct ArrowArrayStream answer = {0};
  int outcome = 1;
  if (argc == 2 && rollcall_open(argv[1], strlen(argv[1]), NULL, 0, &engine, NULL) == ROLLCALL_OK &&
      rollcall_query_arrow(engine, question, strlen(question), NULL, 0, &answer, NULL) == ROLLCALL_OK) {
    answer.release(&answer);
    outcome = rollcall_close(engine, NULL) == ROLLCALL_OK ? 0 : 1;
  }
  rollcall_engine_free(engine);
  printf("rollcall %s\n", rollcall_version());
  return outcome;
}
