// This file has how an engine freezes audiences, and lets go of them.
//
// An audience never changes, but that forgotten users leave it. Its pages are therefore no state of
// a partition: they are written once, with the commit that `freeze` waits for, and read when a
// question needs them.
#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/engine_state.h"
#include "core/pages/bitset.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/query_validation.h"
#include "rollcall/audience.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Place = Audience::Place;

std::string named(const AudienceName& name) {
  std::string text = "audience " + quoted_excerpt(name.campaign);
  if (!name.run.empty()) text += ", run " + quoted_excerpt(name.run);
  return text;
}

Status check_audience_text(std::string_view field, const std::string& text, std::size_t bytes_min) {
  if (text.size() < bytes_min || text.size() > AudienceName::kBytesMax) {
    return Status::invalid_argument(fmt::format("{}: has {} bytes (allowed: {} to {})", field,
                                                text.size(), bytes_min, AudienceName::kBytesMax));
  }
  if (simdjson::validate_utf8(text.data(), text.size())) return {};
  return Status::invalid_argument(fmt::format("{}: is not UTF-8", field));
}

Status check_request(const AudienceRequest& request) {
  ROLLCALL_RETURN_IF_ERROR(check_audience_text("campaign", request.name.campaign, 1));
  ROLLCALL_RETURN_IF_ERROR(check_audience_text("run", request.name.run, 0));
  ROLLCALL_RETURN_IF_ERROR(check_segment("users", request.users));
  if (request.classes.size() > AudienceClass::kCountMax) {
    return Status::invalid_argument(fmt::format("classes: there are {} (allowed: up to {})",
                                                request.classes.size(), AudienceClass::kCountMax));
  }
  std::set<std::string_view> names = {AudienceRequest::kRest};
  for (const AudienceClass& part : request.classes) {
    ROLLCALL_RETURN_IF_ERROR(check_audience_text("classes: name", part.name, 1));
    if (!names.insert(part.name).second) {
      return Status::invalid_argument(
          fmt::format("classes: name: {} is there twice, or is that of the rest (allowed: other "
                      "names, once each)",
                      quoted_excerpt(part.name)));
    }
    ROLLCALL_RETURN_IF_ERROR(
        check_segment(fmt::format("classes: {}", quoted_excerpt(part.name)), part.users));
  }
  if (!is_share(request.holdout)) {
    return Status::invalid_argument(fmt::format("holdout: must be {}, found {}", kSharesAllowed,
                                                quoted_excerpt(request.holdout)));
  }
  return {};
}

// Returns questions for the users of each class, and of the rest.
std::vector<Query> questions_of(const AudienceRequest& request) {
  std::vector<Query> questions;
  Segment earlier;
  earlier.kind = Segment::Kind::kAny;
  for (std::size_t i = 0; i <= request.classes.size(); ++i) {
    Segment users;
    users.kind = Segment::Kind::kAll;
    users.parts.push_back(request.users);
    if (i < request.classes.size()) users.parts.push_back(request.classes[i].users);
    if (!earlier.parts.empty()) {
      Segment& others = users.parts.emplace_back();
      others.kind = Segment::Kind::kNot;
      others.parts.push_back(earlier);
    }
    if (i < request.classes.size()) earlier.parts.push_back(request.classes[i].users);
    Query& question = questions.emplace_back(count_of(std::move(users)));
    question.common.as_of = request.as_of;
    question.common.members.emplace();
  }
  return questions;
}

std::shared_ptr<const std::string> bytes_of(const AudienceChunk& chunk) {
  auto bytes = std::make_shared<std::string>();
  chunk.serialize(*bytes);
  return bytes;
}

// Removes users from a chunk and from the counts of its classes. Returns whether it had any.
bool remove_users(std::span<const std::uint32_t> ordinals, AudienceChunk& chunk,
                  std::vector<AudienceInfo::Class>& classes) {
  bool has_changed = false;
  for (const std::uint32_t ordinal : ordinals) {
    const std::size_t set = chunk.remove(ordinal);
    if (set == chunk.sets().size()) continue;
    --(set % 2 == 0 ? classes[set / 2].contacted : classes[set / 2].holdout);
    has_changed = true;
  }
  return has_changed;
}

}  // namespace

// Is an audience on its way into the store.
class Engine::State::AudienceDraft {
 public:
  AudienceDraft(const AudienceRequest& request, QuestionAccount& account)
      : draw_(request.draw, request.holdout), account_(account) {
    for (const AudienceClass& part : request.classes) {
      audience_.classes.push_back({.name = part.name});
    }
    audience_.classes.push_back({.name = AudienceRequest::kRest});
  }

  // Adds the users of one partition, by class. Users who were forgotten meanwhile are left out.
  void add(std::uint32_t partition, const UserIndex& users,
           std::span<const std::span<const std::uint32_t>> ordinals) {
    std::map<std::uint32_t, AudienceChunk> chunks;
    for (std::size_t number = 0; number < ordinals.size(); ++number) {
      AudienceInfo::Class& part = audience_.classes[number];
      for (const std::uint32_t ordinal : ordinals[number]) {
        if (users.is_erased(ordinal)) continue;
        const bool holdout = draw_.holds_out(users.hash_of(ordinal));
        ++(holdout ? part.holdout : part.contacted);
        const auto chunk =
            chunks.try_emplace(ordinal / kChunkOrdinals, audience_.set_count()).first;
        chunk->second.add(2 * number + (holdout ? 1 : 0), {&ordinal, 1});
      }
    }
    for (const auto& [number, chunk] : chunks) {
      std::shared_ptr<const std::string> bytes = bytes_of(chunk);
      account_.take(bytes->capacity(), QuestionNeed::kMembers);
      pages_[{partition, number}] = std::move(bytes);
    }
  }

  const Audience& audience() const { return audience_; }
  const std::map<Place, std::shared_ptr<const std::string>>& pages() const { return pages_; }
  void set_as_of(std::string as_of) { audience_.as_of = std::move(as_of); }

 private:
  // Draws the arms. The hash of `draw` seeds that of a user's hash_user, in its bytes from the
  // least significant on; a user is held out if that, as a fraction of 2^64, is below the share.
  class Draw {
   public:
    Draw(const std::string& draw, const std::string& share)
        : seed_(XXH3_64bits(draw.data(), draw.size())) {
      constexpr std::uint32_t kDecimals = 18;
      constexpr AmountSum kWholeShare = 1'000'000'000'000'000'000;
      const AmountSum scaled_share = scaled(*parse_decimal_text(share), kDecimals).floor;
      is_everybody_ = scaled_share == kWholeShare;
      end_ = static_cast<std::uint64_t>((scaled_share << 64) / kWholeShare);
    }

    bool holds_out(std::uint64_t user_hash) const {
      return is_everybody_ || XXH3_64bits_withSeed(&user_hash, sizeof user_hash, seed_) < end_;
    }

   private:
    std::uint64_t seed_;
    bool is_everybody_;
    std::uint64_t end_;
  };

  const Draw draw_;
  QuestionAccount& account_;
  Audience audience_;
  std::map<Place, std::shared_ptr<const std::string>> pages_;
};

// Says which of the segments is at fault.
Status Engine::State::fault_of(const AudienceRequest& request, std::span<const Query> asked,
                               const Status& fault, const QueryLimits& limits) {
  for (std::size_t i = 0; i < request.classes.size(); ++i) {
    Query alone = count_of(request.classes[i].users);
    alone.common = asked[i].common;
    const Status status = explain(alone, limits).status();
    if (!status.ok()) return status.within("class " + quoted_excerpt(request.classes[i].name));
  }
  Query all = count_of(request.users);
  all.common = asked.front().common;
  const Status status = explain(all, limits).status();
  return status.ok() ? fault : status.within("users");
}

Result<AudienceInfo> Engine::State::freeze(const AudienceRequest& request,
                                           const QueryLimits& limits) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  const std::string where = named(request.name);
  const Status checked = check_request(request);
  if (!checked.ok()) return checked.within(where);
  QuestionAccount account(questions, limits);
  try {
    account.check();
    const std::vector<Query> asked = questions_of(request);
    Result<OrdinalsOfQueries> users = users_of(asked, account);
    if (!users.ok()) return fault_of(request, asked, users.status(), limits).within(where);
    const MutexLock no_checkpoint(checkpointer.mutex());
    AudienceDraft draft(request, account);
    draft.set_as_of(users->as_of);
    for (std::uint32_t partition = 0; partition < settings.partition_count; ++partition) {
      std::vector<std::span<const std::uint32_t>> ordinals;
      for (const OrdinalsByPartition& of_class : users->ordinals) {
        ordinals.emplace_back(of_class[partition]);
      }
      if (std::ranges::all_of(ordinals, [](const auto& part) { return part.empty(); })) continue;
      const Gate::Pass pass(gate, [&] { account.check(); });
      ROLLCALL_RETURN_IF_ERROR(partitions[partition].load_users(*view));
      draft.add(partition, partitions[partition].users(), ordinals);
      evict_for(0);
    }
    {
      const Gate::Pass pass(gate);
      ROLLCALL_RETURN_IF_ERROR(check_failures());
      if (tables.audiences->all().contains(request.name)) {
        return Status::already_exists(where + ": the store has it (allowed: another name)");
      }
      auto audiences = std::make_shared<AudienceTable>(*tables.audiences);
      Audience& audience = audiences->add(request.name);
      const std::uint32_t number = audience.number;
      audience = draft.audience();
      audience.number = number;
      for (const auto& [place, bytes] : draft.pages()) {
        audience.pages[place] = epoch + 1;
        audience_pages[audience.page_id(place)] = bytes;
      }
      tables.audiences = std::move(audiences);
      tables.changed.add(PageKind::kAudiences);
      note_change();
    }
    if (const Status written = checkpoint_alone(); !written.ok()) {
      take_back(request.name);
      return written;
    }
    return AudienceInfo{request.name, draft.audience().as_of, draft.audience().classes};
  } catch (const QuestionFailure& failure) {
    return failure.status().within(where);
  }
}

// Where the commit had begun, nothing is written any more, and what is in memory does not matter.
void Engine::State::take_back(const AudienceName& name) {
  const Gate::Pass pass(gate);
  auto audiences = std::make_shared<AudienceTable>(*tables.audiences);
  const auto found = audiences->all().find(name);
  for (const auto& [place, written] : found->second.pages) {
    audience_pages.erase(found->second.page_id(place));
  }
  audiences->erase(found);
  tables.audiences = std::move(audiences);
}

Status Engine::State::drop_audience(const AudienceName& name) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  // Nobody knows what a commit under way writes before it is over.
  const MutexLock no_checkpoint(checkpointer.mutex());
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(check_failures());
  auto audiences = std::make_shared<AudienceTable>(*tables.audiences);
  const auto found = audiences->all().find(name);
  if (found == audiences->all().end()) {
    return Status::not_found(named(name) + ": there is none");
  }
  for (const auto& [place, written] : found->second.pages) {
    const PageId id = found->second.page_id(place);
    if (audience_pages.erase(id) == 0) audience_pages_superseded.push_back({id, written});
  }
  audiences->erase(found);
  tables.audiences = std::move(audiences);
  tables.changed.add(PageKind::kAudiences);
  note_change();
  return {};
}

std::vector<AudienceInfo> Engine::State::audience_infos() const {
  std::vector<AudienceInfo> infos;
  for (const auto& [name, audience] : tables.audiences->all()) {
    infos.push_back({name, audience.as_of, audience.classes});
  }
  return infos;
}

Result<AudienceChunk> Engine::State::read_audience(const Audience& audience, Place place) const {
  const PageId id = audience.page_id(place);
  const auto waiting = audience_pages.find(id);
  std::string read;
  if (waiting == audience_pages.end()) {
    ROLLCALL_ASSIGN_OR_RETURN(read, view->read({id, audience.pages.at(place)}));
  }
  Result<AudienceChunk> chunk = AudienceChunk::deserialize(
      waiting == audience_pages.end() ? read : *waiting->second, audience.set_count());
  if (!chunk.ok()) return chunk.status().within(to_string(id));
  return chunk;
}

Status Engine::State::forget_in_audiences(std::uint32_t partition,
                                          std::span<const std::uint32_t> ordinals) {
  if (tables.audiences->all().empty()) return {};
  auto audiences = std::make_shared<AudienceTable>(*tables.audiences);
  // Nothing changes before all has been read.
  WaitingAudiencePages changed_pages;  // null: nobody is left in it
  std::vector<PageAddress> changed;
  for (auto& entry : audiences->all()) {
    Audience& audience = entry.second;
    for (auto user = ordinals.begin(); user != ordinals.end();) {
      const Place place{partition, *user / kChunkOrdinals};
      const auto end = std::find_if(user, ordinals.end(), [&](std::uint32_t ordinal) {
        return ordinal / kChunkOrdinals != place.chunk;
      });
      const std::span<const std::uint32_t> in_chunk(user, end);
      user = end;
      const auto page = audience.pages.find(place);
      if (page == audience.pages.end()) continue;
      ROLLCALL_ASSIGN_OR_RETURN(AudienceChunk chunk, read_audience(audience, place));
      if (!remove_users(in_chunk, chunk, audience.classes)) continue;
      const PageId id = audience.page_id(place);
      changed.push_back({id, page->second});
      if (chunk.empty()) {
        changed_pages[id] = nullptr;
        audience.pages.erase(page);
      } else {
        changed_pages[id] = bytes_of(chunk);
        page->second = epoch + 1;
      }
    }
  }
  if (changed.empty()) return {};
  for (const PageAddress& address : changed) {
    const bool is_stored = !audience_pages.contains(address.id);
    if (is_stored) audience_pages_superseded.push_back(address);
    audience_pages[address.id] = std::move(changed_pages[address.id]);
    if (audience_pages[address.id] == nullptr) audience_pages.erase(address.id);
  }
  tables.audiences = std::move(audiences);
  tables.changed.add(PageKind::kAudiences);
  return {};
}

}  // namespace rollcall
