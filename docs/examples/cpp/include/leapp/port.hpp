// A named tensor of a policy, with its meaning and its memory.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "leapp/engine.hpp"
#include "leapp/json.hpp"

namespace leapp {

namespace detail {

struct Free {
  void operator()(unsigned char* memory) const { ::operator delete(memory, std::align_val_t{64}); }
};
using Memory = std::unique_ptr<unsigned char, Free>;

// Zeroed, at the start of a cache line.
inline Memory zeroed(std::size_t bytes) {
  auto* memory = static_cast<unsigned char*>(::operator new(bytes + 1, std::align_val_t{64}));
  std::memset(memory, 0, bytes + 1);
  return Memory(memory);
}

template <class Value>
bool is(Type type) {
  if constexpr (std::is_same_v<Value, bool>) return type == Type::boolean;
  if constexpr (std::is_same_v<Value, float>) return type == Type::float32;
  if constexpr (std::is_same_v<Value, double>) return type == Type::float64;
  if constexpr (std::is_same_v<Value, std::int8_t>) return type == Type::int8;
  if constexpr (std::is_same_v<Value, std::int16_t>) return type == Type::int16;
  if constexpr (std::is_same_v<Value, std::int32_t>) return type == Type::int32;
  if constexpr (std::is_same_v<Value, std::int64_t>) return type == Type::int64;
  if constexpr (std::is_same_v<Value, std::uint8_t>) return type == Type::uint8;
  if constexpr (std::is_same_v<Value, std::uint16_t>) return type == Type::uint16;
  if constexpr (std::is_same_v<Value, std::uint32_t>) return type == Type::uint32;
  if constexpr (std::is_same_v<Value, std::uint64_t>) return type == Type::uint64;
  return false;
}

}  // namespace detail

class Port {
 public:
  // From an entry of `leapp.inputs` or `leapp.outputs`. Throws Error for what cannot be run here.
  explicit Port(const Json& facts) : facts_(facts), name_(facts["name"].text), type_(type_named(facts["dtype"].text)) {
    for (const Json& size : facts["shape"].items) {
      if (!size.is_integer || size.integer < 0)
        throw Error("port '" + name_ + "' has a size that is no number; export without a symbolic batch");
      shape_.push_back(size.integer);
      elements_ *= static_cast<std::size_t>(size.integer);
    }
    memory_ = detail::zeroed(bytes());
    find_names();
  }

  const std::string& name() const { return name_; }
  Type type() const { return type_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::size_t size() const { return elements_; }
  std::size_t bytes() const { return elements_ * size_of(type_); }

  // What the tensor means, such as "state/joint/position"; empty if nobody said.
  const std::string& kind() const { return facts_["kind"].text; }

  // Names of the elements in order; empty if they have none.
  const std::vector<std::string>& elements() const { return names_; }

  // Further facts that the export knows: "default", "effort_limit", "range", "frame", "unit" and others.
  const Json& fact(const std::string& key) const { return facts_[key]; }

  // Place of a named element. Throws std::out_of_range: ask before the control loop starts.
  std::size_t index(const std::string& element) const {
    for (std::size_t at = 0; at < names_.size(); ++at)
      if (names_[at] == element) return at;
    throw std::out_of_range("port '" + name_ + "' has no element '" + element + "'");
  }

  // Places of named elements, for a robot whose joints are in another order.
  std::vector<std::size_t> order(const std::vector<std::string>& elements) const {
    std::vector<std::size_t> places;
    for (const std::string& element : elements) places.push_back(index(element));
    return places;
  }

  // The elements, row by row. Throws std::invalid_argument for another type than the port's.
  template <class Value>
  Value* data() {
    check_type<Value>();
    return reinterpret_cast<Value*>(memory_.get());
  }
  template <class Value>
  const Value* data() const {
    check_type<Value>();
    return reinterpret_cast<const Value*>(memory_.get());
  }

  void* raw() { return memory_.get(); }
  const void* raw() const { return memory_.get(); }

  Tensor tensor(void* memory) const { return {name_, type_, shape_, memory, bytes()}; }

  // Index of the first NaN or infinity in memory laid out like this port; -1 if there is none.
  std::ptrdiff_t first_not_finite(const void* memory) const noexcept {
    if (type_ == Type::float32) return first_of(static_cast<const float*>(memory));
    if (type_ == Type::float64) return first_of(static_cast<const double*>(memory));
    return -1;
  }

 private:
  // Names stand for one axis; the port is flat along it if every other axis has one entry.
  void find_names() {
    const auto& axes = facts_["element_names"].items;
    for (std::size_t at = 0; at < axes.size(); ++at) {
      if (axes[at].kind != Json::Kind::list || axes[at].items.size() != elements_) continue;
      for (const Json& name : axes[at].items) names_.push_back(name.text);
      return;
    }
  }

  template <class Value>
  void check_type() const {
    if (!detail::is<Value>(type_))
      throw std::invalid_argument("port '" + name_ + "' is " + facts_["dtype"].text + ", asked for as another type");
  }

  template <class Value>
  std::ptrdiff_t first_of(const Value* values) const noexcept {
    for (std::size_t at = 0; at < elements_; ++at)
      if (!std::isfinite(values[at])) return static_cast<std::ptrdiff_t>(at);
    return -1;
  }

  Json facts_;
  std::string name_;
  Type type_;
  std::vector<std::int64_t> shape_;
  std::size_t elements_ = 1;
  std::vector<std::string> names_;
  detail::Memory memory_;
};

}  // namespace leapp
