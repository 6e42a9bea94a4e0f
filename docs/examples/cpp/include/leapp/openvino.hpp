// OpenVINO, as its wheel or a release brings it, with headers.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

#include "leapp/engine.hpp"

namespace leapp {

class OpenVino : public Engine {
 public:
  explicit OpenVino(const std::string& model) : model_(core().read_model(model)) {
    compiled_ = core().compile_model(
        model_, "CPU",
        {ov::inference_num_threads(1), ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
         ov::hint::inference_precision(ov::element::f32)});  // on some processors it would compute in bfloat16
    request_ = compiled_.create_infer_request();
  }

  // Metadata of an ONNX file is found under "framework".
  std::string fact(const std::string& key) const override {
    return model_->has_rt_info("framework", key) ? model_->get_rt_info<std::string>("framework", key) : std::string();
  }

  std::vector<Signature> inputs() const override { return signatures(model_->inputs()); }
  std::vector<Signature> outputs() const override { return signatures(model_->outputs()); }

  void bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) override {
    for (const Tensor& each : inputs) request_.set_tensor(each.name, wrapped(each));
    for (const Tensor& each : outputs) request_.set_tensor(each.name, wrapped(each));
  }

  void run() override { request_.infer(); }

 private:
  static ov::Core& core() {
    static ov::Core one;
    return one;
  }

  // In the order of leapp::Type.
  static const std::vector<ov::element::Type>& types() {
    static const std::vector<ov::element::Type> all = {
        ov::element::f32, ov::element::f64, ov::element::i8,  ov::element::i16, ov::element::i32,    ov::element::i64,
        ov::element::u8,  ov::element::u16, ov::element::u32, ov::element::u64, ov::element::boolean};
    return all;
  }

  template <class Ports>
  static std::vector<Signature> signatures(const Ports& ports) {
    std::vector<Signature> found;
    for (const auto& port : ports) {
      std::vector<std::int64_t> shape;
      for (const auto& size : port.get_partial_shape()) shape.push_back(size.is_static() ? size.get_length() : -1);
      std::size_t at = 0;
      while (at < types().size() && types()[at] != port.get_element_type()) ++at;
      if (at == types().size()) throw Error("a port has an element type that is not supported");
      found.push_back({port.get_any_name(), static_cast<Type>(at), shape});
    }
    return found;
  }

  static ov::Tensor wrapped(const Tensor& tensor) {
    const ov::Shape shape(tensor.shape.begin(), tensor.shape.end());
    return ov::Tensor(types()[static_cast<std::size_t>(tensor.type)], shape, tensor.data);
  }

  std::shared_ptr<ov::Model> model_;
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

}  // namespace leapp
