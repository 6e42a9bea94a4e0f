// A policy out of one ONNX file that `leapp export` wrote: names, state and first values come from its metadata.
//
// Loading may throw and allocate. `step` and `reset` do neither: they copy between memory that was set up at load and
// call the engine. A step that fails leaves outputs and state as they were.
#pragma once

#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leapp/engine.hpp"
#include "leapp/json.hpp"
#include "leapp/port.hpp"

namespace leapp {

enum class Status {
  ok,
  wrong_size,          // `write` was given another number of values than the port has
  input_not_finite,    // a reading is NaN or infinite; no step was made
  output_not_finite,   // the model computed NaN or infinity; outputs and state are as before
  engine_failed,       // the engine refused or threw; outputs and state are as before
};

class Policy {
 public:
  // Throws Error for a model that is not complete in itself or not what its metadata says.
  explicit Policy(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {
    name_ = read("leapp.graph").text;
    configs_ = read("leapp.configs");
    read_ports("leapp.inputs", engine_->inputs(), inputs_);
    read_ports("leapp.outputs", engine_->outputs(), outputs_);
    results_.reserve(outputs_.size());
    for (const Port& port : outputs_) results_.push_back(detail::zeroed(port.bytes()));
    read_state();
    bind();
    warm_up();
  }

  const std::string& name() const { return name_; }
  double frequency() const { return configs_["frequency"].number; }  // control steps per second
  const Json& configs() const { return configs_; }

  // What the user fills and reads: ports without those that carry state.
  std::vector<Port*> inputs() { return without(inputs_, &State::input); }
  std::vector<Port*> outputs() { return without(outputs_, &State::output); }

  // A port by name, state included. Throws std::out_of_range: look up before the control loop starts.
  Port& input(const std::string& name) { return inputs_[find(inputs_, name)]; }
  const Port& output(const std::string& name) const { return outputs_[find(outputs_, name)]; }

  // Copies readings into an input after counting them. The other way is to fill `input(name).data<float>()`.
  Status write(Port& port, const float* values, std::size_t count) noexcept {
    if (port.type() != Type::float32 || port.size() != count)
      return refuse(Status::wrong_size, port, static_cast<std::ptrdiff_t>(count), "does not take this many float32");
    if (count) std::memcpy(port.raw(), values, port.bytes());
    return Status::ok;
  }

  // One control step on what is in the inputs. Outputs are valid once the first step was ok.
  Status step() noexcept {
    for (const Port& port : inputs_) {
      const auto at = port.first_not_finite(port.raw());
      if (at >= 0) return refuse(Status::input_not_finite, port, at, "is NaN or infinite going in");
    }
    try {
      engine_->run();
    } catch (const std::exception& error) {
      std::snprintf(problem_, sizeof problem_, "the engine failed: %s", error.what());
      return Status::engine_failed;
    } catch (...) {
      std::snprintf(problem_, sizeof problem_, "the engine failed");
      return Status::engine_failed;
    }
    for (std::size_t at = 0; at < outputs_.size(); ++at) {
      const auto bad = outputs_[at].first_not_finite(results_[at].get());
      if (bad >= 0) return refuse(Status::output_not_finite, outputs_[at], bad, "is NaN or infinite coming out");
    }
    for (std::size_t at = 0; at < outputs_.size(); ++at)
      std::memcpy(outputs_[at].raw(), results_[at].get(), outputs_[at].bytes());
    for (const State& state : states_)
      std::memcpy(inputs_[state.input].raw(), outputs_[state.output].raw(), inputs_[state.input].bytes());
    return Status::ok;
  }

  // Back to the first values of the state, exactly.
  void reset() noexcept {
    for (const State& state : states_)
      std::memcpy(inputs_[state.input].raw(), state.first.get(), inputs_[state.input].bytes());
  }

  // Why the last call that was not ok failed, with port and element.
  const char* problem() const noexcept { return problem_; }

 private:
  struct State {
    std::size_t output;
    std::size_t input;
    detail::Memory first;
  };

  Json read_if_there(const std::string& key) const { return engine_->fact(key).empty() ? Json() : read(key); }

  Json read(const std::string& key) const {
    const std::string text = engine_->fact(key);
    if (text.empty()) throw Error("the model has no " + key + " in its metadata; was it written by leapp export?");
    try {
      return Json::parse(text);
    } catch (const std::invalid_argument& error) {
      throw Error(key + " in the model's metadata is " + error.what());
    }
  }

  void read_ports(const std::string& key, const std::vector<Signature>& found, std::vector<Port>& into) const {
    const Json stated = read(key);
    if (stated.items.size() != found.size()) throw Error("the model has other ports than " + key + " says");
    for (const Json& facts : stated.items) {
      into.emplace_back(facts);
      bool fits = false;
      for (const Signature& each : found) fits = fits || (each.name == into.back().name() && same(each, into.back()));
      if (!fits) throw Error("port '" + into.back().name() + "' is not in the model as " + key + " says");
    }
  }

  static bool same(const Signature& found, const Port& port) {
    if (found.type != port.type() || found.shape.size() != port.shape().size()) return false;
    for (std::size_t axis = 0; axis < found.shape.size(); ++axis)
      if (found.shape[axis] >= 0 && found.shape[axis] != port.shape()[axis]) return false;
    return true;
  }

  void read_state() {
    const std::string node = read("leapp.node").text + "/";
    if (!read("leapp.data_flow").items.empty())
      throw Error("the model is one node of a pipeline; this runner takes pipelines of one node");
    const Json edges = read("leapp.feedback_flow");
    if (edges.items.empty()) return;
    const Json values = read_if_there("leapp.initial_values"), same = read_if_there("leapp.initial_fill");
    for (const Json& edge : edges.items) {
      if (edge.items.size() != 2 || edge.items[0].text.rfind(node, 0) != 0 || edge.items[1].text.rfind(node, 0) != 0)
        throw Error("the model's state goes through other nodes; this runner takes pipelines of one node");
      State state{find(outputs_, edge.items[0].text.substr(node.size())),
                  find(inputs_, edge.items[1].text.substr(node.size())),
                  {}};
      const Port& port = inputs_[state.input];
      if (outputs_[state.output].bytes() != port.bytes() || outputs_[state.output].type() != port.type())
        throw Error("state '" + port.name() + "' leaves the model as another tensor than it enters");
      state.first = detail::zeroed(port.bytes());
      const Json& first = values[port.name()];
      std::size_t filled = 0;
      if (first.is_null()) {  // more numbers than fit into metadata
        if (same[port.name()].is_null()) throw Error("the first values of state '" + port.name() + "' are not in the model");
        while (filled < port.size()) fill(same[port.name()], port, state.first.get(), filled);
      } else {
        fill(first, port, state.first.get(), filled);
      }
      if (filled != port.size()) throw Error("state '" + port.name() + "' has first values of another size");
      states_.push_back(std::move(state));
    }
  }

  // Nested lists in row-major order are the elements in order.
  static void fill(const Json& value, const Port& port, unsigned char* memory, std::size_t& at) {
    if (value.kind == Json::Kind::list) {
      for (const Json& item : value.items) fill(item, port, memory, at);
      return;
    }
    const bool number = value.kind == Json::Kind::number, whole = port.type() != Type::float32 && port.type() != Type::float64;
    if ((!number && value.kind != Json::Kind::boolean) || (number && whole && !value.is_integer))
      throw Error("the first values of state '" + port.name() + "' are not numbers of its type");
    if (at == port.size()) {
      at = port.size() + 1;
      return;
    }
    unsigned char* place = memory + at++ * size_of(port.type());
    switch (port.type()) {
      case Type::float32: return put(place, static_cast<float>(value.number));
      case Type::float64: return put(place, value.number);
      case Type::uint64: return put(place, value.is_integer ? static_cast<std::uint64_t>(value.integer)
                                                            : static_cast<std::uint64_t>(value.number));
      default: std::memcpy(place, &value.integer, size_of(port.type()));  // little-endian: the low bytes come first
    }
  }

  template <class Value>
  static void put(unsigned char* place, Value value) {
    std::memcpy(place, &value, sizeof value);
  }

  void bind() {
    std::vector<Tensor> in, out;
    for (Port& port : inputs_) in.push_back(port.tensor(port.raw()));
    for (std::size_t at = 0; at < outputs_.size(); ++at) out.push_back(outputs_[at].tensor(results_[at].get()));
    engine_->bind(in, out);
  }

  // Engines set up on the first run what they keep; that is not for the control loop.
  void warm_up() {
    reset();
    for (int times = 0; times < 2; ++times) {
      try {
        engine_->run();
      } catch (const std::exception& error) {
        throw Error(std::string("the model does not run: ") + error.what());
      }
    }
  }

  Status refuse(Status status, const Port& port, std::ptrdiff_t at, const char* what) noexcept {
    const bool named = status != Status::wrong_size && static_cast<std::size_t>(at) < port.elements().size();
    std::snprintf(problem_, sizeof problem_, "%s[%td%s%s] %s", port.name().c_str(), at,
                  named ? ", " : "", named ? port.elements()[static_cast<std::size_t>(at)].c_str() : "", what);
    return status;
  }

  static std::size_t find(const std::vector<Port>& ports, const std::string& name) {
    for (std::size_t at = 0; at < ports.size(); ++at)
      if (ports[at].name() == name) return at;
    throw std::out_of_range("there is no port '" + name + "'");
  }

  std::vector<Port*> without(std::vector<Port>& ports, std::size_t State::*side) {
    std::vector<Port*> kept;
    for (std::size_t at = 0; at < ports.size(); ++at) {
      bool carries = false;
      for (const State& state : states_) carries = carries || state.*side == at;
      if (!carries) kept.push_back(&ports[at]);
    }
    return kept;
  }

  std::unique_ptr<Engine> engine_;
  std::string name_;
  Json configs_;
  std::vector<Port> inputs_, outputs_;
  std::vector<detail::Memory> results_;  // what the engine writes; users see it once it is found right
  std::vector<State> states_;
  char problem_[256] = "";
};

}  // namespace leapp
