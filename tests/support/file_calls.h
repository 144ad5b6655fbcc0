// Stands between a program and the system: what the journal, the anchor and RocksDB ask of their
// files can be made to fail, or to be the last thing that the process does.
//
// Works by the linker: a program that links file_calls.cpp has its own write, pwrite, pread,
// fdatasync, rename and unlink, and so have the libraries that it uses.
#pragma once

#include <array>
#include <cerrno>
#include <string_view>

namespace rollcall::testing {

// Every call that the journal makes, by what it is for.
inline constexpr std::array<std::string_view, 9> kJournalCalls = {
    "make",         // the beginning of a journal file is written
    "record",       // a record, or its header
    "sync",         // a journal file is synced
    "mark",         // a journal file's mark is written
    "remove",       // a journal file is removed
    "read",         // a journal file is read
    "anchor",       // a slot of the anchor is written
    "anchor sync",  // the anchor is synced
    "anchor mark",  // the anchor's journal mark is written
};

// Lists what RocksDB does to its files.
inline constexpr std::array<std::string_view, 8> kDatabaseCalls = {
    "db log",            // its log is written
    "db log sync",       // and synced
    "db table",          // a table is written, by RocksDB or for it
    "db table sync",     // and synced
    "db manifest",       // the list of tables is written
    "db manifest sync",  // and synced
    "db current",        // another list of tables is made the current one
    "db remove",         // a table or a log is removed
};

enum class Fate {
  kGo,          // as if nobody stood between
  kDieBefore,   // of SIGKILL
  kDieHalfway,  // of a write: with half of the bytes written
  kDieAfter,
  kFail,        // with file_call_error, nothing done
  kFailHalfway  // of a write: with half of the bytes written
};

// Asked for the fate of each call, from any thread. Null stands for kGo.
extern Fate (*volatile fate_of_file_call)(std::string_view call);
extern volatile int file_call_error;

}  // namespace rollcall::testing
