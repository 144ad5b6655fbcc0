// Is a store on disk that is removed with its object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "bench/session.h"
#include "rollcall/engine.h"
#include "rollcall/store.h"

namespace rollcall::bench {

class ScratchStore {
 public:
  explicit ScratchStore(const Session& session);
  ~ScratchStore();
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  // Opens an engine on the store, which is made by the first call.
  std::unique_ptr<Engine> open(const EngineOptions& options) const;
  std::unique_ptr<Store> open_store() const;
  // Returns the bytes of all its files.
  std::uint64_t disk_bytes() const;
  // Asks the system to forget what it holds of the files in memory; they must be written and
  // synced.
  void drop_from_page_cache() const;

 private:
  std::filesystem::path path_;
};

}  // namespace rollcall::bench
