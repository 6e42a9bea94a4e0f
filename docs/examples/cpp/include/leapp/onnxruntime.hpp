// ONNX Runtime without its headers: its shared library is opened at run time, as Python's wheel or a release brings it.
//
// The C interface is a table of functions that only ever grows at its end. Declared here are the few entries that are
// used, at the places and with the signatures that they have had since release 1.7.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "leapp/engine.hpp"

namespace leapp {

namespace ort {

constexpr std::uint32_t kApiVersion = 16;  // what is asked for; a library that is older refuses

struct Status;
struct Env;
struct Session;
struct SessionOptions;
struct Value;
struct MemoryInfo;
struct Allocator;
struct TypeInfo;
struct TensorInfo;
struct ModelMetadata;

constexpr int kLogErrors = 3, kArenaAllocator = 1, kDefaultMemory = 0;

struct Api {
  void* unused_0[2];
  const char* (*GetErrorMessage)(const Status*);
  Status* (*CreateEnv)(int level, const char* name, Env** out);
  void* unused_4[3];
  Status* (*CreateSession)(const Env*, const char* path, const SessionOptions*, Session** out);
  void* unused_8[1];
  Status* (*Run)(Session*, const void* run_options, const char* const* input_names, const Value* const* inputs,
                 std::size_t input_count, const char* const* output_names, std::size_t output_count, Value** outputs);
  Status* (*CreateSessionOptions)(SessionOptions** out);
  void* unused_11[13];
  Status* (*SetIntraOpNumThreads)(SessionOptions*, int count);
  Status* (*SetInterOpNumThreads)(SessionOptions*, int count);
  void* unused_26[4];
  Status* (*SessionGetInputCount)(const Session*, std::size_t* out);
  Status* (*SessionGetOutputCount)(const Session*, std::size_t* out);
  void* unused_32[1];
  Status* (*SessionGetInputTypeInfo)(const Session*, std::size_t index, TypeInfo** out);
  Status* (*SessionGetOutputTypeInfo)(const Session*, std::size_t index, TypeInfo** out);
  void* unused_35[1];
  Status* (*SessionGetInputName)(const Session*, std::size_t index, Allocator*, char** out);
  Status* (*SessionGetOutputName)(const Session*, std::size_t index, Allocator*, char** out);
  void* unused_38[11];
  Status* (*CreateTensorWithDataAsOrtValue)(const MemoryInfo*, void* data, std::size_t bytes, const std::int64_t* shape,
                                            std::size_t rank, int type, Value** out);
  void* unused_50[5];
  Status* (*CastTypeInfoToTensorInfo)(const TypeInfo*, const TensorInfo** out);  // owned by the type info
  void* unused_56[4];
  Status* (*GetTensorElementType)(const TensorInfo*, int* out);
  Status* (*GetDimensionsCount)(const TensorInfo*, std::size_t* out);
  Status* (*GetDimensions)(const TensorInfo*, std::int64_t* sizes, std::size_t count);
  void* unused_63[6];
  Status* (*CreateCpuMemoryInfo)(int allocator_type, int memory_type, MemoryInfo** out);
  void* unused_70[6];
  Status* (*AllocatorFree)(Allocator*, void* memory);
  void* unused_77[1];
  Status* (*GetAllocatorWithDefaultOptions)(Allocator** out);
  void* unused_79[13];
  void (*ReleaseEnv)(Env*);
  void (*ReleaseStatus)(Status*);
  void (*ReleaseMemoryInfo)(MemoryInfo*);
  void (*ReleaseSession)(Session*);
  void (*ReleaseValue)(Value*);
  void* unused_97[1];
  void (*ReleaseTypeInfo)(TypeInfo*);
  void* unused_99[1];
  void (*ReleaseSessionOptions)(SessionOptions*);
  void* unused_101[10];
  Status* (*SessionGetModelMetadata)(const Session*, ModelMetadata** out);
  void* unused_112[4];
  Status* (*ModelMetadataLookupCustomMetadataMap)(const ModelMetadata*, Allocator*, const char* key, char** out);
  void* unused_117[1];
  void (*ReleaseModelMetadata)(ModelMetadata*);
};

#define LEAPP_ORT_PLACE(name, place) static_assert(offsetof(Api, name) == (place) * sizeof(void*), #name)
LEAPP_ORT_PLACE(CreateEnv, 3);
LEAPP_ORT_PLACE(CreateSession, 7);
LEAPP_ORT_PLACE(Run, 9);
LEAPP_ORT_PLACE(SetIntraOpNumThreads, 24);
LEAPP_ORT_PLACE(SessionGetInputCount, 30);
LEAPP_ORT_PLACE(SessionGetOutputName, 37);
LEAPP_ORT_PLACE(CreateTensorWithDataAsOrtValue, 49);
LEAPP_ORT_PLACE(GetDimensions, 62);
LEAPP_ORT_PLACE(CreateCpuMemoryInfo, 69);
LEAPP_ORT_PLACE(GetAllocatorWithDefaultOptions, 78);
LEAPP_ORT_PLACE(ReleaseEnv, 92);
LEAPP_ORT_PLACE(ReleaseSessionOptions, 100);
LEAPP_ORT_PLACE(ModelMetadataLookupCustomMetadataMap, 116);
LEAPP_ORT_PLACE(ReleaseModelMetadata, 118);
#undef LEAPP_ORT_PLACE

struct ApiBase {
  const Api* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

// ONNX's numbers of element types, in the order of leapp::Type.
constexpr int kTypes[] = {1, 11, 3, 5, 6, 7, 2, 4, 12, 13, 9};

}  // namespace ort

class OnnxRuntime : public Engine {
 public:
  // `library` is what dlopen takes: a path, or "libonnxruntime.so.1" where the system finds it.
  OnnxRuntime(const std::string& library, const std::string& model) : api_(open(library)) {
    check(api_.CreateEnv(ort::kLogErrors, "leapp", &env_.pointer));
    Owned<ort::SessionOptions> options{nullptr, api_.ReleaseSessionOptions};
    check(api_.CreateSessionOptions(&options.pointer));
    check(api_.SetIntraOpNumThreads(options.pointer, 1));  // small networks are fastest with one
    check(api_.SetInterOpNumThreads(options.pointer, 1));
    check(api_.CreateSession(env_.pointer, model.c_str(), options.pointer, &session_.pointer));
    check(api_.CreateCpuMemoryInfo(ort::kArenaAllocator, ort::kDefaultMemory, &memory_.pointer));
  }

  static std::string version(const std::string& library) { return base(library)->GetVersionString(); }

  std::string fact(const std::string& key) const override {
    Owned<ort::ModelMetadata> metadata{nullptr, api_.ReleaseModelMetadata};
    check(api_.SessionGetModelMetadata(session_.pointer, &metadata.pointer));
    char* text = nullptr;
    check(api_.ModelMetadataLookupCustomMetadataMap(metadata.pointer, allocator(), key.c_str(), &text));
    return taken(text);
  }

  std::vector<Signature> inputs() const override {
    return signatures(api_.SessionGetInputCount, api_.SessionGetInputName, api_.SessionGetInputTypeInfo);
  }

  std::vector<Signature> outputs() const override {
    return signatures(api_.SessionGetOutputCount, api_.SessionGetOutputName, api_.SessionGetOutputTypeInfo);
  }

  void bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) override {
    set(inputs, input_names_, inputs_);
    set(outputs, output_names_, outputs_);
    for (const std::string& name : input_names_) input_texts_.push_back(name.c_str());
    for (const std::string& name : output_names_) output_texts_.push_back(name.c_str());
    for (const auto& value : inputs_) input_values_.push_back(value.pointer);
    for (const auto& value : outputs_) output_values_.push_back(value.pointer);
  }

  void run() override {
    check(api_.Run(session_.pointer, nullptr, input_texts_.data(), input_values_.data(), input_values_.size(),
                   output_texts_.data(), output_values_.size(), output_values_.data()));
  }

 private:
  // Something of ONNX Runtime's that is given back.
  template <class What>
  struct Owned {
    Owned(What* what, void (*give_back)(What*)) : pointer(what), release(give_back) {}
    Owned(Owned&& other) noexcept : pointer(std::exchange(other.pointer, nullptr)), release(other.release) {}
    Owned& operator=(Owned&&) = delete;
    ~Owned() {
      if (pointer) release(pointer);
    }
    What* pointer;
    void (*release)(What*);
  };

  static const ort::ApiBase* base(const std::string& library) {
    // Never closed: its threads and thread-local values outlive any owner.
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) throw Error(std::string("cannot open ONNX Runtime: ") + dlerror());
    auto* get = reinterpret_cast<const ort::ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
    if (!get) throw Error(library + " is not ONNX Runtime: it has no OrtGetApiBase");
    return get();
  }

  static const ort::Api& open(const std::string& library) {
    const ort::Api* api = base(library)->GetApi(ort::kApiVersion);
    if (!api) throw Error(library + " is too old: it has no version " + std::to_string(ort::kApiVersion));
    return *api;
  }

  void check(ort::Status* status) const {
    if (!status) return;
    const Owned<ort::Status> owned{status, api_.ReleaseStatus};
    throw Error(api_.GetErrorMessage(status));
  }

  ort::Allocator* allocator() const {
    ort::Allocator* found = nullptr;
    check(api_.GetAllocatorWithDefaultOptions(&found));
    return found;
  }

  std::string taken(char* text) const {
    if (!text) return {};
    std::string copy(text);
    check(api_.AllocatorFree(allocator(), text));
    return copy;
  }

  template <class Count, class Name, class Info>
  std::vector<Signature> signatures(Count count, Name name, Info info) const {
    std::size_t number = 0;
    check(count(session_.pointer, &number));
    std::vector<Signature> found;
    for (std::size_t at = 0; at < number; ++at) {
      char* text = nullptr;
      check(name(session_.pointer, at, allocator(), &text));
      Owned<ort::TypeInfo> type{nullptr, api_.ReleaseTypeInfo};
      check(info(session_.pointer, at, &type.pointer));
      found.push_back(signature(taken(text), *type.pointer));
    }
    return found;
  }

  Signature signature(const std::string& name, const ort::TypeInfo& info) const {
    const ort::TensorInfo* tensor = nullptr;
    check(api_.CastTypeInfoToTensorInfo(&info, &tensor));
    if (!tensor) throw Error("'" + name + "' is no tensor");
    int type = 0;
    std::size_t rank = 0;
    check(api_.GetTensorElementType(tensor, &type));
    check(api_.GetDimensionsCount(tensor, &rank));
    std::vector<std::int64_t> shape(rank);
    check(api_.GetDimensions(tensor, shape.data(), rank));
    for (int at = 0; at < 11; ++at)
      if (ort::kTypes[at] == type) return {name, static_cast<Type>(at), shape};
    throw Error("'" + name + "' has an element type that is not supported");
  }

  void set(const std::vector<Tensor>& tensors, std::vector<std::string>& names,
           std::vector<Owned<ort::Value>>& values) const {
    for (const Tensor& tensor : tensors) {
      names.push_back(tensor.name);
      values.emplace_back(nullptr, api_.ReleaseValue);
      check(api_.CreateTensorWithDataAsOrtValue(memory_.pointer, tensor.data, tensor.bytes, tensor.shape.data(),
                                                tensor.shape.size(), ort::kTypes[static_cast<int>(tensor.type)],
                                                &values.back().pointer));
    }
  }

  const ort::Api& api_;
  Owned<ort::Env> env_{nullptr, api_.ReleaseEnv};
  Owned<ort::Session> session_{nullptr, api_.ReleaseSession};
  Owned<ort::MemoryInfo> memory_{nullptr, api_.ReleaseMemoryInfo};
  std::vector<Owned<ort::Value>> inputs_, outputs_;
  std::vector<std::string> input_names_, output_names_;
  std::vector<const char*> input_texts_, output_texts_;
  std::vector<const ort::Value*> input_values_;
  std::vector<ort::Value*> output_values_;
};

}  // namespace leapp
