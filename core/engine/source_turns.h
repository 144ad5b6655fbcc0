// The order in which batches of one source come in.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <set>
#include <string>

#include "core/base/gate.h"
#include "rollcall/delivery.h"

namespace rollcall {

// A durable batch has to wait until those before it are in a commit. Batches of its source that
// come meanwhile wait behind it: let in, each would have to be waited for as well, and the durable
// one might never be done.
class SourceTurns {
 public:
  // The turn of a batch while it lives. Batches that name no source do not wait.
  class Turn {
   public:
    Turn(SourceTurns& turns, const Delivery& delivery) {
      std::set<std::size_t> places;  // all take them in one order
      for (const SourcePosition& position : delivery.positions) places.insert(place(position.id));
      if (delivery.token != nullptr) places.insert(place(delivery.token->source));
      for (const std::size_t place : places) passes_.emplace_back(turns.gates_[place]);
    }

   private:
    std::list<Gate::Pass> passes_;
  };

 private:
  // Sources may share one: then they wait for each other, too.
  static constexpr std::size_t kGates = 64;
  static std::size_t place(const std::string& source) {
    return std::hash<std::string>()(source) % kGates;
  }

  std::array<Gate, kGates> gates_;
};

}  // namespace rollcall
