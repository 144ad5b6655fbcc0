// This is a store that lives and dies with the process, for tests and for engines that need no
// disk.
#pragma once

#include <memory>

#include "rollcall/store.h"

namespace rollcall {

// This is the disk of a memory store. Stores opened on the same disk see each other's commits, as
// stores opened on the same directory would. A null disk stands for a new one.
class MemoryDisk;

std::shared_ptr<MemoryDisk> make_memory_disk();
std::unique_ptr<Store> open_memory_store(std::shared_ptr<MemoryDisk> disk = make_memory_disk());

}  // namespace rollcall
