#include "core/base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <latch>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace rollcall {
namespace {

// Has threads that want to pass a gate, in an order that is known: each has been seen to wait
// before the next one comes.
class Queue {
 public:
  explicit Queue(Gate& gate) : gate_(gate) {}
  ~Queue() { join(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Returns once the thread waits. It adds its number to `order` when it has passed, and gives up
  // when `gives_up` becomes true.
  void add(std::size_t number, const std::atomic<bool>& gives_up) {
    std::latch waits(1);
    threads_.emplace_back([this, number, &gives_up, &waits] {
      bool told = false;
      const auto check = [&] {
        if (!std::exchange(told, true)) waits.count_down();
        if (gives_up) throw std::runtime_error("waited enough");
      };
      try {
        const Gate::Pass pass(gate_, check);
        order_.push_back(number);
      } catch (const std::runtime_error&) {
        ++left_;
      }
    });
    waits.wait();
  }

  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Lists those who passed; it is to be read after `join`.
  const std::vector<std::size_t>& order() const { return order_; }
  std::size_t left() const { return left_; }

 private:
  Gate& gate_;
  std::vector<std::thread> threads_;
  std::vector<std::size_t> order_;  // written by who has passed
  std::atomic<std::size_t> left_{0};
};

TEST(Gate, OneAtATime) {
  constexpr std::size_t kThreads = 4, kPasses = 2000;
  Gate gate;
  std::size_t passes = 0;  // on purpose no atomic
  std::atomic<int> inside{0}, crowds{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, checks = i % 2 == 0] {
      const auto never = [] {};
      for (std::size_t k = 0; k < kPasses; ++k) {
        std::optional<Gate::Pass> pass;
        if (checks) {
          pass.emplace(gate, never);
        } else {
          pass.emplace(gate);
        }
        if (++inside != 1) ++crowds;
        ++passes;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(crowds, 0);
  EXPECT_EQ(passes, kThreads * kPasses);
}

TEST(Gate, ServesInTheOrderOfArrival) {
  constexpr std::size_t kWaiters = 8;
  Gate gate;
  Queue queue(gate);
  const std::atomic<bool> never = false;
  {
    const Gate::Pass pass(gate);
    for (std::size_t i = 0; i < kWaiters; ++i) queue.add(i, never);
  }
  queue.join();
  std::vector<std::size_t> wanted(kWaiters);
  std::iota(wanted.begin(), wanted.end(), std::size_t{0});
  EXPECT_EQ(queue.order(), wanted);
}

// Whoever waits no more holds up nobody, wherever in the queue it stood.
TEST(Gate, GoesOnPastThoseWhoLeft) {
  Gate gate;
  Queue queue(gate);
  const std::atomic<bool> never = false;
  std::atomic<bool> gives_up = false;
  {
    const Gate::Pass pass(gate);
    queue.add(0, gives_up);
    queue.add(1, never);
    queue.add(2, gives_up);
    queue.add(3, gives_up);
    queue.add(4, never);
    queue.add(5, gives_up);
    gives_up = true;
    while (queue.left() < 4) std::this_thread::yield();
  }
  queue.join();
  EXPECT_EQ(queue.order(), (std::vector<std::size_t>{1, 4}));
  const Gate::Pass again(gate);
}

// Where nobody has passed, there is nothing to wait for, and so nothing to give up.
TEST(Gate, DoesNotCheckWhenItIsOpen) {
  Gate gate;
  const auto over = [] { throw std::runtime_error("over"); };
  for (int i = 0; i < 2; ++i) {
    EXPECT_NO_THROW(const Gate::Pass pass(gate, over));
  }
}

}  // namespace
}  // namespace rollcall
