#include "rollcall/command_line.h"
#include "tools/parquet_plugin.h"

int main(int argc, char** argv) {
  return rollcall::run_command_line(argc, argv, rollcall::tools::parquet_plugin());
}
