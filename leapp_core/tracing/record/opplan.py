"""What an ATen overload does to its operands, read from its schema once, with the exceptions the schema hides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from leapp_core.tracing.record.events import Event

MASK_DTYPES = (torch.bool, torch.uint8)
"""Index dtypes that select by truth value."""

# Marked as writes in the schema, but they change metadata only: the memory stays as it is.
METADATA_ONLY = frozenset(
    {
        "aten::detach_", "aten::requires_grad_", "aten::t_", "aten::transpose_", "aten::swapaxes_", "aten::swapdims_",
        "aten::squeeze_", "aten::unsqueeze_", "aten::as_strided_", "aten::set_", "aten::resize_", "aten::resize_as_",
        "aten::_has_compatible_shallow_copy_type", "aten::set_data", "aten::rename_",
    }
)  # fmt: skip

# Overwrite their target without reading it. Every ``out=`` does too.
OVERWRITING = frozenset(
    {
        "aten::copy_", "aten::fill_", "aten::zero_", "aten::uniform_", "aten::normal_", "aten::random_",
        "aten::bernoulli_", "aten::exponential_", "aten::log_normal_", "aten::cauchy_", "aten::geometric_",
        "aten::_foreach_copy_", "aten::_foreach_zero_", "aten::set_source_Tensor_storage_offset",
    }
)  # fmt: skip

# Read sizes and dtype of their first operand, never its data.
METADATA_READERS = frozenset(
    {
        "aten::zeros_like", "aten::ones_like", "aten::full_like", "aten::empty_like", "aten::new_empty",
        "aten::new_zeros", "aten::new_ones", "aten::new_full", "aten::new_empty_strided", "aten::rand_like",
        "aten::randn_like", "aten::randint_like",
    }
)  # fmt: skip

# Data leaves for Python.
SCALAR_ESCAPES = frozenset({"aten::item", "aten::_local_scalar_dense"})
BOOL_ESCAPES = frozenset({"aten::is_nonzero", "aten::equal", "aten::allclose"})
ARRAY_ESCAPES = frozenset({"aten::resolve_neg"})

# As many results as elements are true, though PyTorch does not tag them so; of ``where`` the form with one argument.
UNTAGGED_DYNAMIC = frozenset({"aten::where", "aten::nonzero_numpy", "aten::argwhere"})

# Raise for some values of an operand.
INDEXING = frozenset(
    {
        "aten::index", "aten::index_select", "aten::gather", "aten::embedding", "aten::take", "aten::take_along_dim",
        "aten::index_copy", "aten::index_add", "aten::scatter", "aten::scatter_add", "aten::index_put",
    }
)  # fmt: skip

# In training mode these write running statistics without saying so: (training flag position, written positions).
HIDDEN_WRITES = {"aten::batch_norm": (5, (3, 4)), "aten::instance_norm": (5, (3, 4))}

# Tagged as random, yet deterministic in the form policies use; (name, position of p, position of train or None).
RANDOM_ONLY_IF = {
    "aten::dropout": (1, 2), "aten::feature_dropout": (1, 2), "aten::alpha_dropout": (1, 2),
    "aten::native_dropout": (1, 2), "aten::scaled_dot_product_attention": (4, None),
}  # fmt: skip
RECURRENT = {"aten::gru": (5, 6), "aten::lstm": (5, 6), "aten::rnn_tanh": (5, 6), "aten::rnn_relu": (5, 6)}


@dataclass(frozen=True)
class OpPlan:
    """Facts of one overload.

    Attributes:
        name: ``aten::add_`` without overload.
        write_args: Positions of written positional arguments.
        write_kwargs: Names of written keyword arguments.
        overwrites: The written operands are not read.
        metadata_only: Changes metadata of its first argument, no memory.
        metadata_reader: Reads no data of its operands.
        escape: ``scalar``, ``bool``, ``array`` or empty.
        random: May draw random numbers.
        composite: Made of other calls, which it makes differently below autograd.
        literal: ``lift_fresh``: data enters from Python or from foreign memory.
        selects: Takes a row by a number.
    """

    name: str
    write_args: tuple[int, ...] = ()
    write_kwargs: tuple[str, ...] = ()
    overwrites: bool = False
    metadata_only: bool = False
    metadata_reader: bool = False
    escape: str = ""
    random: bool = False
    composite: bool = False
    literal: bool = False
    selects: bool = False

    @cached_property
    def ordinary(self) -> bool:
        """Whether recording a call takes nothing but its operands and results."""
        return not (self.metadata_only or self.write_kwargs or self.literal or self.escape or self.selects)

    @cached_property
    def acts(self) -> bool:
        """Whether a call may do more than give a result: write, draw random numbers, read beyond the end of memory."""
        special = self.name in HIDDEN_WRITES or self.name in INDEXING
        return self.writes or self.metadata_only or self.random or special

    @cached_property
    def writes(self) -> bool:
        """Whether any operand is written in every call."""
        return bool(self.write_args or self.write_kwargs)


def make_plan(func: Any) -> OpPlan:
    """Read the plan of an overload from its schema."""
    schema = func._schema
    name = schema.name
    written = [(i, a) for i, a in enumerate(schema.arguments) if a.alias_info is not None and a.alias_info.is_write]
    metadata_only = name in METADATA_ONLY
    if metadata_only:
        written = []
    kwargs = tuple(a.name for _, a in written if a.kwarg_only)
    escape = "scalar" if name in SCALAR_ESCAPES else "bool" if name in BOOL_ESCAPES else ""
    return OpPlan(
        name=name,
        write_args=tuple(i for i, a in written if not a.kwarg_only),
        write_kwargs=kwargs,
        overwrites=name in OVERWRITING or bool(kwargs),
        metadata_only=metadata_only,
        metadata_reader=name in METADATA_READERS,
        escape="array" if name in ARRAY_ESCAPES else escape,
        random=torch.Tag.nondeterministic_seeded in func.tags,
        composite=torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"),
        literal=name == "aten::lift_fresh",
        selects=name == "aten::select",
    )


def hidden_writes(plan: OpPlan, args: tuple[Any, ...]) -> tuple[int, ...]:
    """Return positions written although the schema does not say so (batch norm in training)."""
    rule = HIDDEN_WRITES.get(plan.name)
    if rule is None or len(args) <= rule[0] or not args[rule[0]]:
        return ()
    return tuple(i for i in rule[1] if args[i] is not None)


def draws_random(plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether this call draws random numbers: dropout off or evaluation mode do not."""
    if not plan.random:
        return False
    if plan.name in RECURRENT:
        p_at, train_at = RECURRENT[plan.name]
        if plan.name != "" and isinstance(args[3], (list, tuple)):  # packed ``data`` overloads shift by one
            p_at, train_at = p_at + 1, train_at + 1
        return bool(args[p_at]) and bool(args[train_at])
    rule = RANDOM_ONLY_IF.get(plan.name)
    if rule is None:
        return True
    p = args[rule[0]] if len(args) > rule[0] else kwargs.get("dropout_p", kwargs.get("p", 0.0))
    if not p:
        return False
    return rule[1] is None or (bool(args[rule[1]]) if len(args) > rule[1] else bool(kwargs.get("train", True)))


def is_dynamic(event: Event) -> bool:
    """Return whether the shape of a call's result depends on values (a selection by mask, ``nonzero``)."""
    if event.plan.name in UNTAGGED_DYNAMIC:
        return event.plan.name != "aten::where" or len(event.args) == 1
    if isinstance(event.func, str) or torch.Tag.dynamic_output_shape not in event.func.tags:
        return False
    if event.plan.name == "aten::one_hot":
        return len(event.args) < 2 or event.args[1] <= 0
    return event.plan.name != "aten::index" or any(info.dtype in MASK_DTYPES for info in event.ins[1:])


class PlanTable(dict[int, OpPlan]):
    """Plans by ``id`` of the overload (hashing an overload runs Python code); overloads are kept alive."""

    def __init__(self) -> None:
        super().__init__()
        self._overloads: list[Any] = []

    def learn(self, func: Any) -> OpPlan:
        """Return the plan of an overload."""
        known = self.get(id(func))
        if known is None:
            known = self[id(func)] = make_plan(func)
            self._overloads.append(func)
        return known
