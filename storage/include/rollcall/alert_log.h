// This is the log of what became of a store's alerts: a small file, DIR/ALERTS, beside the database
// and with a lock of its own, so that alerts can be judged while another process writes the store.
// The log keeps records without knowing what they mean.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// Is the log of one store, open for writing. Nobody else writes to it while it is open, so it is
// to be open only for as long as it takes to read, decide and append. One thread at a time uses it.
class AlertLog {
 public:
  static constexpr std::size_t kRecordBytesMax = std::size_t{16} << 20;

  // Opens the log of the store in `directory`, or makes one. Waits up to ten seconds for whoever
  // has it open. What a crash left of a record that was not acknowledged is cut off; one that is
  // whole is kept, and is on disk once this returns.
  //   kNotFound    there is no such directory
  //   kBusy        somebody else had it open all the time
  //   kCorruption  it is not what was written
  static Result<AlertLog> open(const std::string& directory);

  AlertLog(AlertLog&&) noexcept;
  AlertLog& operator=(AlertLog&&) noexcept;
  ~AlertLog();

  // Returns all records, the oldest first.
  const std::vector<std::string>& records() const;
  // Returns the size of the file.
  std::uint64_t bytes() const;

  // Adds records, and returns once they are on disk. After an error, or a crash, the first so many
  // of them are there.
  //   kResourceExhausted   one has more than kRecordBytesMax; none is added
  //   kFailedPrecondition  a write failed before: the log has to be opened again
  Status append(std::span<const std::string> records);

  // Puts these in the place of all records: after an error or a crash there are either the old ones
  // or these.
  //   kFailedPrecondition  as append
  Status replace(std::span<const std::string> records);

 private:
  struct State;
  explicit AlertLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Returns the records of the log of the store in `directory`, as far as they were acknowledged.
// There are none if there is no log. It waits for nobody and changes nothing.
//   kCorruption  it is not what was written
Result<std::vector<std::string>> read_alert_log(const std::string& directory);

// Makes the log of a new store out of records, durably but for its name. Without records, there is
// no log.
Status make_alert_log(const std::string& directory, std::span<const std::string> records);

}  // namespace rollcall
