// rollcall forget removes users from all answers and all files.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "rollcall/user_file.h"
#include "tools/commands/command.h"
#include "tools/commands/store_access.h"
#include "tools/last_words.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct ForgetFlags {
  StoreFlags store;
  std::vector<std::string> users;
  std::string file;
};

// Says who the first few of them are.
void note_unknown(const std::vector<UserId>& users) {
  constexpr std::size_t kShown = 3;
  constexpr std::size_t kShownBytesMax = 64;  // of an id
  std::string ids;
  for (std::size_t i = 0; i < std::min(users.size(), kShown); ++i) {
    const auto* const text = std::get_if<std::string>(&users[i]);
    ids += i == 0 ? ": " : ", ";
    ids += text == nullptr ? std::to_string(std::get<std::uint64_t>(users[i]))
                           : "\"" + printable(text->substr(0, kShownBytesMax)) + "\"";
  }
  if (users.size() > kShown) ids += ", ...";
  write_standard_error(users.empty() ? "rollcall: note: the list names nobody\n"
                                     : "rollcall: note: the store knows none of them" + ids + "\n");
}

Status forget(const ForgetFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const UserKind kind = engine->settings().user_kind;
  std::vector<UserId> users;
  if (!flags.file.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(users, read_named_list(flags.file, *engine));
  }
  for (const std::string& text : flags.users) {
    ROLLCALL_ASSIGN_OR_RETURN(UserId user, parse_user(text, kind, "--user"));
    users.push_back(std::move(user));
  }
  std::optional<LastWords> last_words(
      std::in_place, "all of the users are forgotten, or none; the same command makes sure");
  ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t found, engine->forget(users));
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  last_words.reset();
  if (found == 0) note_unknown(users);
  return write_standard_output(fmt::format("users forgotten   {:>12}\nof them known     {:>12}\n",
                                           with_commas(users.size()), with_commas(found)));
}

}  // namespace

void add_forget_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "forget",
      "Take users out of every answer, for good (totals of events and amounts stay); compact takes "
      "them out of the files");
  const auto flags = std::make_shared<ForgetFlags>();
  add_store_flags(*command, flags->store);
  command->add_option("--user", flags->users, "The id of a user; may be given several times")
      ->type_name("ID")
      ->allow_extra_args(false);
  command
      ->add_option("--file", flags->file,
                   "A list of users: one a line, or as --members wrote it, CSV or JSON, .gz, .zst")
      ->type_name("FILE");
  command->callback([flags, &chosen] {
    if (flags->users.empty() && flags->file.empty()) throw CLI::RequiredError("--user, or --file");
    chosen = [flags] { return forget(*flags); };
  });
}

}  // namespace rollcall::tools
