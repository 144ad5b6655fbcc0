// The store on RocksDB keeps what every store promises.
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "rollcall/rocks_store.h"
#include "tests/core/store/store_contract.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall {
namespace {

class RocksMedium : public Medium {
 public:
  std::unique_ptr<Store> open() override {
    auto store = open_rocks_store(directory_.path("store"));
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *std::move(store) : nullptr;
  }

 private:
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(MediumKind{
                             "Rocks", [] { return std::make_unique<RocksMedium>(); }}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace rollcall
