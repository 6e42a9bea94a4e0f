// A policy that another program steps through its standard input and output: peer ENGINE MODEL.
//
// Asked with `s` and the bytes of every input in order (or `r`, a reset), it answers with one byte of leapp::Status and
// the bytes of every output. At the end it writes to standard error what it measured: the time of a step, and how often
// the runner itself allocated memory when it was loaded and after that.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

#include "leapp/open.hpp"
#include "leapp/policy.hpp"

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
  if (counting) ++allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment + alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

// What the engine allocates in its own call is not counted.
class Uncounted : public leapp::Engine {
 public:
  explicit Uncounted(std::unique_ptr<leapp::Engine> engine) : engine_(std::move(engine)) {}
  std::string fact(const std::string& key) const override { return engine_->fact(key); }
  std::vector<leapp::Signature> inputs() const override { return engine_->inputs(); }
  std::vector<leapp::Signature> outputs() const override { return engine_->outputs(); }
  void bind(const std::vector<leapp::Tensor>& inputs, const std::vector<leapp::Tensor>& outputs) override {
    engine_->bind(inputs, outputs);
  }
  void run() override {
    const bool before = counting.exchange(false);
    engine_->run();
    counting = before;
  }

 private:
  std::unique_ptr<leapp::Engine> engine_;
};

void list(const char* key, const std::vector<leapp::Port*>& ports) {
  std::fprintf(stderr, "\"%s\": [", key);
  for (std::size_t at = 0; at < ports.size(); ++at)
    std::fprintf(stderr, "%s\"%s\"", at ? ", " : "", ports[at]->name().c_str());
  std::fprintf(stderr, "], ");
}

// Median time of steps made one after the other, in microseconds.
double time_of_a_step(leapp::Policy& policy) {
  std::vector<double> times(5000);
  for (double& time : times) {
    const auto start = std::chrono::steady_clock::now();
    policy.step();
    time = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void serve(leapp::Policy& policy, long at_load) {
  const auto inputs = policy.inputs(), outputs = policy.outputs();
  for (int asked = std::getchar(); asked != EOF; asked = std::getchar()) {
    if (asked == 'r') {
      counting = true;
      policy.reset();
      counting = false;
      continue;
    }
    for (leapp::Port* port : inputs)
      if (std::fread(port->raw(), 1, port->bytes(), stdin) != port->bytes()) return;
    counting = true;
    const leapp::Status status = policy.step();
    counting = false;
    std::putchar(static_cast<int>(status));
    for (const leapp::Port* port : outputs) std::fwrite(port->raw(), 1, port->bytes(), stdout);
    std::fflush(stdout);
  }
  std::fprintf(stderr, "{");
  list("inputs", inputs);
  list("outputs", outputs);
  std::fprintf(stderr, "\"frequency\": %g, \"problem\": \"%s\", ", policy.frequency(), policy.problem());
  std::fprintf(stderr, "\"allocations_at_load\": %ld, \"allocations\": %ld, ", at_load, allocations - at_load);
  std::fprintf(stderr, "\"microseconds\": %.3f}\n", time_of_a_step(policy));
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: peer ENGINE MODEL\n");
    return 2;
  }
  try {
    auto engine = std::make_unique<Uncounted>(leapp::open(arguments[1], arguments[2]));
    counting = true;
    leapp::Policy policy(std::move(engine));
    counting = false;
    serve(policy, allocations);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
