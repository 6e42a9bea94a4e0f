// What runs a model. Everything that is asked before the first step may allocate; `run` is the engine's own affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace leapp {

enum class Type { float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, boolean };

// A model that cannot be loaded, is not what its metadata says, or that the engine refuses to run.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::size_t size_of(Type type) {
  switch (type) {
    case Type::float64:
    case Type::int64:
    case Type::uint64:
      return 8;
    case Type::float32:
    case Type::int32:
    case Type::uint32:
      return 4;
    case Type::int16:
    case Type::uint16:
      return 2;
    default:
      return 1;
  }
}

inline Type type_named(const std::string& name) {
  static const std::vector<std::string> names = {"float32", "float64", "int8",   "int16",  "int32", "int64",
                                                 "uint8",   "uint16",  "uint32", "uint64", "bool"};
  for (std::size_t at = 0; at < names.size(); ++at)
    if (names[at] == name) return static_cast<Type>(at);
  throw Error("element type " + name + " is not supported");
}

// A tensor of the model as the engine finds it; -1 stands for a size that the model leaves open.
struct Signature {
  std::string name;
  Type type;
  std::vector<std::int64_t> shape;
};

// A tensor and where its elements are, C-contiguous.
struct Tensor {
  std::string name;
  Type type;
  std::vector<std::int64_t> shape;
  void* data;
  std::size_t bytes;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // The text of a key of the model's metadata; empty if there is none.
  virtual std::string fact(const std::string& key) const = 0;

  virtual std::vector<Signature> inputs() const = 0;
  virtual std::vector<Signature> outputs() const = 0;

  // Tells once where every input is read from and every output is written to. The memory outlives the engine's use.
  virtual void bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) = 0;

  // Runs the model on what is bound. Throws what the engine throws.
  virtual void run() = 0;
};

}  // namespace leapp
