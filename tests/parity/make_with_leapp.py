"""Run by leapp 0.7.2's own Python: export a two-node policy with state, and record what its manager answers."""

import sys

import leapp
import numpy as np
import torch
from leapp import GraphConfigs, InferenceManager, InputKindEnum, OutputKindEnum, TensorSemantics, annotate

JOINTS = ["hip", "knee"]


def step(net: torch.nn.Module, last: torch.Tensor, backend: str) -> torch.Tensor:
    pos, vel = annotate.input_tensors(
        "observe",
        [
            TensorSemantics(
                name="joint_pos",
                ref=torch.randn(1, 2),
                kind=InputKindEnum.JOINT_POSITION,
                element_names=JOINTS,
                extra={"isaaclab_connection": "state:robot:joint_pos"},
            ),
            TensorSemantics(
                name="joint_vel", ref=torch.randn(1, 2), kind=InputKindEnum.JOINT_VELOCITY, element_names=[JOINTS]
            ),
        ],
    )
    obs = torch.cat([pos * 0.5, vel], -1)
    annotate.output_tensors("observe", [TensorSemantics(name="obs", ref=obs)], export_with=backend)
    obs = annotate.input_tensors("act", {"obs": obs})
    last = annotate.state_tensors("act", {"last_action": last})
    action = net(torch.cat([obs, last], -1))
    last = annotate.update_state("act", {"last_action": action})
    annotate.output_tensors(
        "act",
        [TensorSemantics(name="target", ref=action * 2 + 1, kind=OutputKindEnum.JOINT_POSITION, element_names=JOINTS)],
        static_outputs=[
            TensorSemantics(name="kp", ref=torch.tensor([[10.0, 20.0]]), kind=OutputKindEnum.KP, element_names=JOINTS)
        ],
        export_with=backend,
    )
    return last


def main(folder: str, backend: str) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ELU(), torch.nn.Linear(8, 2)).eval()
    leapp.start("made_elsewhere", save_path=folder)
    last = torch.full((1, 2), 0.25)
    with torch.no_grad():
        for _ in range(3):
            last = step(net, last, backend)
    leapp.stop()
    leapp.compile_graph(visualize=False, graph_configs=GraphConfigs(frequency=50.0, extra={"decimation": 4}))
    manager = InferenceManager(f"{folder}/made_elsewhere/made_elsewhere.yaml")
    recorded = {}
    for number in range(5):
        inputs = {key: torch.randn(1, 2) for key in manager.inputs}
        recorded |= {f"{number}:in:{key}": value.numpy().copy() for key, value in inputs.items()}
        outputs = manager.run_policy(inputs)
        recorded |= {f"{number}:out:{key}": value.detach().numpy().copy() for key, value in outputs.items()}
    np.savez(f"{folder}/recorded.npz", **recorded)


main(*sys.argv[1:])
