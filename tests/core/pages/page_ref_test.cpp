#include "core/pages/page_ref.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

TEST(PageRef, AWriterCopiesAPageThatSomebodyPins) {
  PageRef<std::string> writer(std::string("before"));
  const std::string* alone = &*writer;
  writer.writable() += "!";
  EXPECT_EQ(&*writer, alone) << "nobody pins it: changed in place";

  const PageRef<std::string> pin = writer;
  writer.writable() += " and after";
  EXPECT_EQ(*pin, "before!");
  EXPECT_EQ(*writer, "before! and after");
}

TEST(PageRef, AWriterWhoseReadersHaveGoneChangesInPlace) {
  PageRef<std::string> writer(std::string("x"));
  const std::string* place = &*writer;
  { const PageRef<std::string> pin = writer; }
  writer.writable() = "y";
  EXPECT_EQ(&*writer, place);
}

}  // namespace
}  // namespace rollcall
