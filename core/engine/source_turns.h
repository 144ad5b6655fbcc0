// These turns order the batches of one source.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "core/base/gate.h"
#include "rollcall/delivery.h"

namespace rollcall {

// A durable batch has to wait until those before it are in a commit. Batches of its source that
// come meanwhile wait behind it: if they were let in, the durable batch would have to wait for each
// of them as well, and might never be done.
class SourceTurns {
 public:
  // Is the turn of a batch, for its lifetime. Batches that name no source do not wait.
  class Turn {
   public:
    Turn(SourceTurns& turns, const Delivery& delivery) {
      std::uint64_t places = 0;
      for (const SourcePosition& position : delivery.positions) places |= place(position.id);
      if (delivery.token != nullptr) places |= place(delivery.token->source);
      for (; places != 0; places &= places - 1) {  // all take them in one order
        Gate& gate = turns.gates_[static_cast<std::size_t>(std::countr_zero(places))];
        if (pass_) {
          passes_.emplace_back(gate);
        } else {
          pass_.emplace(gate);
        }
      }
    }

   private:
    std::optional<Gate::Pass> pass_;  // the first, without allocation: mostly there is one source
    std::list<Gate::Pass> passes_;    // the others
  };

 private:
  // Sources may share a gate; then they wait for each other, too.
  static constexpr std::size_t kGates = 64;
  // Returns the bit of a source's gate.
  static std::uint64_t place(const std::string& source) {
    return std::uint64_t{1} << std::hash<std::string>()(source) % kGates;
  }

  std::array<Gate, kGates> gates_;
};

}  // namespace rollcall
