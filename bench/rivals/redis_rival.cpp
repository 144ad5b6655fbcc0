// This is Redis on a socket of this machine, with a string of bits per event name and day.
//
//   setbit    one command an event
//   bitfield  many bits of one string in a command
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <vector>

#include "bench/history_truth.h"
#include "bench/rivals/child_process.h"
#include "bench/rivals/redis_client.h"
#include "bench/rivals/rival.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kSendBytes = std::size_t{1} << 18;
constexpr std::size_t kFieldsMax = 512;  // of one BITFIELD
constexpr std::size_t kSources = 16;     // of one BITOP: more leave its fast path
constexpr int kSlices = 5;               // bits of a count up to 28

enum class Write { kSetBit, kBitField };

class RedisRival : public Rival {
 public:
  RedisRival(const Session& session, Write write)
      : write_(write),
        first_time_(session.options().workload.first_day.value * kDayUs),
        server_(command(session)),
        client_(socket_path(session)) {
    for (std::int32_t day = 0; day < kRivalDays; ++day) {
      for (std::size_t event = 0; event < kEventNames; ++event) {
        keys_.push_back(fmt::format("{}:{}", event, day));
      }
    }
    client_.add({"INFO", "server"});
    const std::string info = client_.bulk_reply(), label = "redis_version:";
    const std::size_t begin = info.find(label) + label.size();
    version_ = info.substr(begin, info.find('\r', begin) - begin);
  }

  std::string settings() const override {
    return fmt::format(
        "Redis {}, unix socket, no persistence, CLIENT REPLY OFF while loading, {}; its thread and "
        "one that sends; seal: users of any event, new users; bytes: of the (event, day) strings",
        version_,
        write_ == Write::kSetBit ? "SETBIT pipelined"
                                 : fmt::format("BITFIELD of up to {} bits", kFieldsMax));
  }

  double load(Session& session) override {
    double seconds = 0;
    client_.add({"CLIENT", "REPLY", "OFF"});
    for (std::size_t number = 0; number < session.round_count(); ++number) {
      const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
      seconds += seconds_of([&] { write(rows); });
    }
    // Its reply comes when everything before it is done.
    seconds += seconds_of([&] {
      client_.add({"CLIENT", "REPLY", "ON"});
      client_.replies(1);
    });
    return seconds;
  }

  double seal() override {
    return seconds_of([&] {
      std::size_t commands = 0;
      for (std::int32_t day = 0; day < kRivalDays; ++day) {
        std::vector<std::string> words = {"BITOP", "OR", any(day)};
        for (std::size_t event = 0; event < kEventNames; ++event) words.push_back(key(day, event));
        client_.add(words);
        client_.add({"BITOP", "OR", "seen", "seen", any(day)});
        // This leaves what the day adds to those seen before.
        client_.add({"BITOP", "XOR", fresh(day), "seen", "seen_before"});
        client_.add({"BITOP", "OR", "seen_before", "seen"});
        commands += 4;
      }
      client_.replies(commands);
    });
  }

  std::optional<std::uint64_t> bytes() override {
    for (const std::string& key : keys_) client_.add({"STRLEN", key});
    std::uint64_t bytes = 0;
    for (const std::int64_t length : client_.replies(keys_.size())) {
      bytes += static_cast<std::uint64_t>(length);
    }
    return bytes;
  }

  std::optional<Answer> ask(const RivalQuestion& question) override {
    if (question.kept != Kept::kDays) return std::nullopt;
    Answer answer;
    answer.seconds = seconds_of([&] { answer.counts = counts(*question.ask); });
    return answer;
  }

 private:
  static std::string socket_path(const Session& session) {
    return session.options().directory + "/redis.sock";
  }
  static std::vector<std::string> command(const Session& session) {
    const std::string program = find_program("redis-server");
    if (program.empty()) throw RivalAbsent("no redis-server on PATH");
    // A socket of an earlier server would be taken for this one's.
    std::filesystem::remove(socket_path(session));
    return {program,
            "--port",
            "0",
            "--unixsocket",
            socket_path(session),
            "--save",
            "",
            "--appendonly",
            "no",
            "--logfile",
            "/dev/null",
            "--dir",
            session.options().directory};
  }

  const std::string& key(std::int32_t day, std::size_t event) const {
    return keys_[static_cast<std::size_t>(day) * kEventNames + event];
  }
  static std::string any(std::int32_t day) { return fmt::format("any:{}", day); }
  static std::string fresh(std::int32_t day) { return fmt::format("new:{}", day); }

  void write(const WorkloadRows& rows) {
    if (write_ == Write::kSetBit) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        std::array<char, 24> offset{};
        client_.begin(4);
        client_.word("SETBIT");
        client_.word(keys_[key_index(rows, i)]);
        client_.word(decimal(rows.users[i], offset));
        client_.word("1");
        if (client_.waiting() >= kSendBytes) client_.send();
      }
      return;
    }
    std::vector<std::vector<std::uint64_t>> users(keys_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t index = key_index(rows, i);
      users[index].push_back(rows.users[i]);
      if (users[index].size() == kFieldsMax) write_fields(keys_[index], users[index]);
    }
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (!users[i].empty()) write_fields(keys_[i], users[i]);
    }
  }

  void write_fields(const std::string& key, std::vector<std::uint64_t>& users) {
    client_.begin(2 + 4 * users.size());
    client_.word("BITFIELD");
    client_.word(key);
    for (const std::uint64_t user : users) {
      std::array<char, 24> offset{};
      client_.word("SET");
      client_.word("u1");
      client_.word(decimal(user, offset));
      client_.word("1");
    }
    users.clear();
    if (client_.waiting() >= kSendBytes) client_.send();
  }

  std::size_t key_index(const WorkloadRows& rows, std::size_t row) const {
    return static_cast<std::size_t>((rows.times[row] - first_time_) / kDayUs) * kEventNames +
           rows.events[row];
  }

  static std::string_view decimal(std::uint64_t number, std::array<char, 24>& text) {
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), static_cast<std::size_t>(end - text.data())};
  }

  // Both add a command; take_counts() gives the replies of those that count.
  void operate(const std::string& operation, const std::string& to,
               const std::vector<std::string>& from) {
    std::vector<std::string> words = {"BITOP", operation, to};
    words.insert(words.end(), from.begin(), from.end());
    client_.add(words);
    wanted_.push_back(false);
  }
  void count(const std::string& key) {
    client_.add({"BITCOUNT", key});
    wanted_.push_back(true);
  }
  Counts take_counts() {
    const std::vector<std::int64_t> replies = client_.replies(wanted_.size());
    Counts counts;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (wanted_[i]) counts.push_back(static_cast<std::uint64_t>(replies[i]));
    }
    wanted_.clear();
    return counts;
  }

  void unite_days(const std::string& to, std::int32_t first, std::int32_t days) {
    for (std::int32_t done = 0; done < days;) {
      std::vector<std::string> from;
      if (done > 0) from.push_back(to);
      while (done < days && from.size() < kSources) from.push_back(any(first + done++));
      operate("OR", to, from);
    }
  }

  Counts counts(Ask ask) {
    switch (ask) {
      case Ask::kDaily:
        for (std::int32_t day = 0; day < kRivalDays; ++day) count(any(day));
        return take_counts();
      case Ask::kMonthly:
        unite_days("month", kRivalDays - kWindowDays, kWindowDays);
        count("month");
        return take_counts();
      case Ask::kRetention:
        return retention(fresh);
      case Ask::kRetentionRecurring:
        return retention(any);
      case Ask::kLifecycle:
        return lifecycle();
      case Ask::kChurn: {
        unite_days("later", kChurnDay + 1, kWeekDays);
        operate("AND", "retained", {any(kChurnDay), "later"});
        count(any(kChurnDay));
        count("retained");
        const Counts found = take_counts();
        return {found[0], found[1], found[0] - found[1]};
      }
      case Ask::kActiveDays:
        return active_days();
    }
    return {};
  }

  Counts retention(std::string (*cohort)(std::int32_t day)) {
    for (std::int32_t day = 0; day < kCohorts; ++day) {
      for (std::int32_t later = day; later < day + kCohorts; ++later) {
        operate("AND", "both", {cohort(day), any(later)});
        count("both");
      }
    }
    return take_counts();
  }

  Counts lifecycle() {
    unite_days("week", kWeekFirst, kWeekDays);
    unite_days("before", kWeekFirst - kWeekDays, kWeekDays);
    operate("AND", "returning", {"week", "before"});
    for (const char* const key : {"week", "before", "returning"}) count(key);
    for (std::int32_t day = kWeekFirst; day < kRivalDays; ++day) count(fresh(day));
    const Counts found = take_counts();
    std::uint64_t joined = 0;
    for (std::size_t i = 3; i < found.size(); ++i) joined += found[i];
    return {joined, found[2], found[0] - found[2] - joined, found[1] - found[2]};
  }

  // Adds the days up in slices, one string of bits for each binary digit, and then splits the users
  // digit by digit.
  Counts active_days() {
    const auto slice = [](int digit) { return fmt::format("slice:{}", digit); };
    for (int digit = 0; digit < kSlices; ++digit) client_.add({"DEL", slice(digit)});
    wanted_.resize(kSlices, false);
    for (std::int32_t i = 0; i < kActiveWindow; ++i) {
      std::string carry = any(kActiveFirst + i);
      // After i days, the count fits the digits of i + 1.
      for (int digit = 0; (i + 1) >> digit != 0; ++digit) {
        const std::string next = digit % 2 == 0 ? "carry:0" : "carry:1";
        operate("AND", next, {slice(digit), carry});
        operate("XOR", slice(digit), {slice(digit), carry});
        carry = next;
      }
    }
    unite_days("active", kActiveFirst, kActiveWindow);
    split(kSlices - 1, 0, "active");
    return take_counts();
  }

  // Counts the users of `group` by the digits of their days from `digit` down, in rising order; the
  // digits above make `number`.
  void split(int digit, int number, const std::string& group) {
    if (number > kActiveWindow) return;
    if (digit < 0) {
      if (number > 0) count(group);
      return;
    }
    const std::string one = fmt::format("one:{}", digit), zero = fmt::format("zero:{}", digit);
    operate("AND", one, {group, fmt::format("slice:{}", digit)});
    operate("XOR", zero, {group, one});
    split(digit - 1, number, zero);
    split(digit - 1, number + (1 << digit), one);
  }

  Write write_;
  TimeUs first_time_;
  ChildProcess server_;
  RedisClient client_;
  std::string version_;
  std::vector<std::string> keys_;  // by day and event
  std::vector<bool> wanted_;
};

}  // namespace

std::vector<RivalEntry> redis_entries() {
  std::vector<RivalEntry> entries;
  for (const Write write : {Write::kSetBit, Write::kBitField}) {
    entries.push_back(
        {write == Write::kSetBit ? "redis/setbit" : "redis/bitfield", 1, false, 0,
         [=](const Session& session) { return std::make_unique<RedisRival>(session, write); }});
  }
  return entries;
}

}  // namespace rollcall::bench
