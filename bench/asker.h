// Asks a small question again and again while something else goes on.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "bench/session.h"

namespace rollcall::bench {

// Asks from its own thread while it lives.
class Asker {
 public:
  explicit Asker(const Engine& engine)
      : thread_([this, &engine] {
          // It is about any event on the latest days.
          constexpr const char* kSmallQuestion = R"({"kind": "active", "last": "7d"})";
          constexpr auto kPause = std::chrono::milliseconds(5);  // between two questions
          while (!stopped_) {
            ms_.push_back(1e3 * seconds_of([&] { must(engine.query(kSmallQuestion)); }));
            std::this_thread::sleep_for(kPause);
          }
        }) {}
  // Returns the milliseconds of each question.
  std::vector<double> stop() {
    stopped_ = true;
    thread_.join();
    return std::move(ms_);
  }

 private:
  std::atomic<bool> stopped_{false};
  std::vector<double> ms_;
  std::thread thread_;
};

}  // namespace rollcall::bench
