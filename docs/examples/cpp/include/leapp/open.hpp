// The engine by name, for programs that take it from the command line.
#pragma once

#include <memory>
#include <string>

#include "leapp/engine.hpp"
#include "leapp/onnxruntime.hpp"
#ifdef LEAPP_WITH_OPENVINO
#include "leapp/openvino.hpp"
#endif

namespace leapp {

// `engine` is "openvino", or what dlopen takes to find ONNX Runtime.
inline std::unique_ptr<Engine> open(const std::string& engine, const std::string& model) {
  if (engine != "openvino") return std::make_unique<OnnxRuntime>(engine, model);
#ifdef LEAPP_WITH_OPENVINO
  return std::make_unique<OpenVino>(model);
#else
  throw Error("built without OpenVINO: give cmake -DOpenVINO_DIR=.../openvino/cmake");
#endif
}

}  // namespace leapp
