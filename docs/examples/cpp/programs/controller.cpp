// A control loop: controller ENGINE MODEL [STEPS]. ENGINE is "openvino" or the path of ONNX Runtime's library.
//
// The robot is made up: it stands at the default pose and its joints follow the targets. Its joints are in another
// order than the policy's, as they are on most robots.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "leapp/open.hpp"
#include "leapp/policy.hpp"

namespace {

void describe(const char* title, const std::vector<leapp::Port*>& ports) {
  std::printf("%s\n", title);
  for (const leapp::Port* port : ports) {
    std::printf("  %s (%s), %zu:", port->name().c_str(), port->kind().c_str(), port->size());
    for (const std::string& element : port->elements()) std::printf(" %s", element.c_str());
    std::printf("\n");
  }
}

void run(leapp::Policy& policy, int steps) {
  // Everything that looks up names or allocates comes before the loop.
  leapp::Port& position = policy.input("joint_pos");
  const leapp::Port& targets = *policy.outputs().front();
  std::vector<std::string> joints(position.elements());
  std::reverse(joints.begin(), joints.end());  // the robot's own order
  const auto read = position.order(joints);
  // What is commanded has an order of its own; here, where all joints are.
  const bool alike = targets.elements().size() == joints.size();
  const auto write = alike ? targets.order(joints) : std::vector<std::size_t>{};
  std::vector<float> pose(joints.size(), 0.0F);

  policy.reset();
  const auto period = std::chrono::duration<double>(1.0 / policy.frequency());
  auto beat = std::chrono::steady_clock::now();
  for (int step = 0; step < steps; ++step) {
    float* into = position.data<float>();
    for (std::size_t joint = 0; joint < pose.size(); ++joint) into[read[joint]] = pose[joint];
    if (policy.step() != leapp::Status::ok) {
      std::printf("stopping: %s\n", policy.problem());  // a real robot goes to its safe pose here
      return;
    }
    const float* out = targets.data<float>();
    for (std::size_t joint = 0; joint < write.size(); ++joint) pose[joint] += 0.1F * (out[write[joint]] - pose[joint]);
    beat += std::chrono::duration_cast<std::chrono::steady_clock::duration>(period);
    std::this_thread::sleep_until(beat);
  }
  std::printf("%d steps, the first target is %.4f\n", steps, static_cast<double>(targets.data<float>()[0]));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: controller ENGINE MODEL [STEPS]\n");
    return 2;
  }
  try {
    leapp::Policy policy(leapp::open(arguments[1], arguments[2]));
    std::printf("%s, %g control steps per second\n", policy.name().c_str(), policy.frequency());
    describe("inputs", policy.inputs());
    describe("outputs", policy.outputs());
    run(policy, count > 3 ? std::atoi(arguments[3]) : 50);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
