#include "rollcall/memory_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/core/store/store_contract.h"

namespace rollcall {
namespace {

class MemoryMedium : public Medium {
 public:
  std::unique_ptr<Store> open() override { return open_memory_store(disk_); }

 private:
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(MediumKind{
                             "Memory", [] { return std::make_unique<MemoryMedium>(); }}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace rollcall
