#include "rollcall/command_line.h"

int main(int argc, char** argv) { return rollcall::run_command_line(argc, argv); }
