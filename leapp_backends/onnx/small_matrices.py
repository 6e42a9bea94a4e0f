"""Linear algebra on small matrices of fixed size, which ONNX has no operators for, written out step by step.

Everything is computed in double precision: what is left of a difference to LAPACK's single precision is LAPACK's own
rounding. Each function takes the arguments of the operator it stands for and gives the same values; ``NotImplemented``
leaves a call as it is. Matrices may have any number of leading axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 16
"""Rows of a matrix whose elimination is written out: some twelve nodes each."""
_LARGEST_SINGULAR = 8
"""Singular values that are found by rotations: some 100 nodes each."""


def rewrites() -> Mapping[Any, Callable[..., Any]]:
    """Return operator overload to its replacement."""
    import torch

    aten = torch.ops.aten
    return {
        aten._linalg_solve_ex.default: solve,
        aten.linalg_inv_ex.default: inverse,
        aten.linalg_cholesky_ex.default: cholesky,
        aten.linalg_solve_triangular.default: solve_triangular,
        aten.cholesky_solve.default: cholesky_solve,
        aten.linalg_pinv.atol_rtol_tensor: pseudo_inverse,
        # Made of the others, and seen whole or in parts, as a program was captured.
        aten.linalg_solve.default: _result_of(solve),
        aten.linalg_inv.default: _result_of(inverse),
        aten.inverse.default: _result_of(inverse),
        aten.linalg_cholesky.default: _result_of(cholesky),
        aten.linalg_pinv.default: _with_numbers(pseudo_inverse),
        aten.linalg_pinv.atol_rtol_float: _with_numbers(pseudo_inverse),
    }


def _result_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leave out what LAPACK leaves beside the result."""

    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return found if found is NotImplemented else found[0]

    return call


def _with_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Take tolerances that are numbers."""

    def call(
        a: Tensor, rcond: float | None = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
    ) -> Any:
        import torch

        given = {"atol": atol, "rtol": rtol if rcond is None else rcond}
        tensors = {k: torch.full((), v, dtype=torch.float64) for k, v in given.items() if v is not None}
        return function(a, hermitian=hermitian, **tensors)

    return call


def _written_out(matrix: Tensor) -> bool:
    import torch

    return matrix.dtype in (torch.float32, torch.float64) and matrix.shape[-2] <= _LARGEST


def _eliminated(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the solution of ``a x = b`` by Gauss-Jordan elimination with row pivoting, and the pivots."""
    import torch

    size = a.shape[-1]
    lead = (a[..., 0, 0] + b[..., 0, 0]).shape
    rows = torch.cat([a.expand(*lead, *a.shape[-2:]), b.expand(*lead, *b.shape[-2:])], -1)
    numbers = torch.arange(size).reshape(size, 1)
    pivots = []
    for k in range(size):
        column = rows.narrow(-1, k, 1)
        best = column.abs().narrow(-2, k, size - k).argmax(-2, keepdim=True) + k
        pivot_row = torch.gather(rows, -2, best.expand(*lead, 1, rows.shape[-1]))
        # The row of the pivot comes to place k, the one that was there to the pivot's.
        rows = torch.where(numbers == best, rows.narrow(-2, k, 1), rows)
        pivot = pivot_row.narrow(-1, k, 1)
        pivots.append(pivot.reshape(lead))
        pivot_row = pivot_row / pivot
        rows = torch.where(numbers == k, pivot_row, rows - rows.narrow(-1, k, 1) * pivot_row)
    return rows.narrow(-1, size, b.shape[-1]), torch.stack(pivots, -1)


def _first(fault: Tensor) -> Tensor:
    """Return one plus the place of the first fault, 0 without any: what LAPACK calls ``info``."""
    import torch

    places = torch.arange(fault.shape[-1], 0, -1)
    found = torch.where(fault, places, torch.zeros_like(places)).amax(-1)
    return torch.where(found > 0, fault.shape[-1] + 1 - found, torch.zeros_like(found)).to(torch.int32)


def solve(a: Tensor, b: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """Return the solution of ``a x = b`` (``x a = b``), and what LAPACK leaves beside it (no one can ask for that)."""
    import torch

    if not _written_out(a):
        return NotImplemented
    vector = b.dim() == 1 or (b.dim() == a.dim() - 1 and b.shape == a.shape[:-1])
    right = b.unsqueeze(-1) if vector else b
    matrix, right = (a, right) if left or vector else (a.transpose(-2, -1), right.transpose(-2, -1))
    x, pivots = _eliminated(matrix.double(), right.double())
    x = x.squeeze(-1) if vector else x if left else x.transpose(-2, -1)
    places = torch.zeros(a.shape[:-1], dtype=torch.int32)
    return x.to(b.dtype), a.clone(), places, _first(pivots == 0)


def inverse(a: Tensor, *, check_errors: bool = False) -> Any:
    """Return the inverse, and ``info``."""
    import torch

    if not _written_out(a):
        return NotImplemented
    x, pivots = _eliminated(a.double(), torch.eye(a.shape[-1], dtype=torch.float64))
    return x.to(a.dtype), _first(pivots == 0)


def cholesky(a: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """Return the Cholesky factor column by column, and ``info``."""
    import torch

    if not _written_out(a):
        return NotImplemented
    size = a.shape[-1]
    rest = (a.transpose(-2, -1) if upper else a).double()
    numbers = torch.arange(size).reshape(size, 1)
    columns, pivots = [], []
    for k in range(size):
        column = rest.narrow(-1, k, 1)
        pivot = column.narrow(-2, k, 1)
        column = torch.where(numbers < k, torch.zeros_like(column), column / torch.sqrt(pivot))
        rest = rest - column * column.transpose(-2, -1)
        columns.append(column)
        pivots.append(pivot.reshape(a.shape[:-2]))
    factor = torch.cat(columns, -1).to(a.dtype)
    return (factor.transpose(-2, -1).clone() if upper else factor), _first(~(torch.stack(pivots, -1) > 0))


def solve_triangular(a: Tensor, b: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """Return the solution with a triangular matrix."""
    import torch

    if not _written_out(a):
        return NotImplemented
    matrix = a.triu() if upper else a.tril()
    if unitriangular:
        eye = torch.eye(a.shape[-1], dtype=a.dtype)
        matrix = matrix - matrix * eye + eye
    found = solve(matrix, b, left=left)
    return found if found is NotImplemented else found[0]


def cholesky_solve(b: Tensor, factor: Tensor, upper: bool = False) -> Any:
    """Return the solution with the matrix whose Cholesky factor is given."""
    if not _written_out(factor):
        return NotImplemented
    lower = (factor.triu().transpose(-2, -1) if upper else factor.tril()).double()
    y, _ = _eliminated(lower, b.double())
    x, _ = _eliminated(lower.transpose(-2, -1), y)
    return x.to(b.dtype)


def pseudo_inverse(
    a: Tensor, *, atol: Tensor | None = None, rtol: Tensor | None = None, hermitian: bool = False
) -> Any:
    """Return the Moore-Penrose inverse: one-sided Jacobi rotations make the columns orthogonal.

    Singular values below the larger of ``atol`` and ``rtol`` times the largest count as zero, as in PyTorch.
    """
    import torch

    if not _written_out(a) or min(a.shape[-2:]) > _LARGEST_SINGULAR or max(a.shape[-2:]) > _LARGEST or hermitian:
        return NotImplemented
    wide = a.shape[-2] < a.shape[-1]
    tall = (a.transpose(-2, -1) if wide else a).double()
    height, width = tall.shape[-2:]
    turned = _orthogonal(
        torch.cat([tall, torch.eye(width, dtype=torch.float64).expand(*a.shape[:-2], -1, -1)], -2), height
    )
    columns, turns = turned.narrow(-2, 0, height), turned.narrow(-2, height, width)
    squares = (columns * columns).sum(-2, keepdim=True)
    values = torch.sqrt(squares)
    if rtol is None:
        rtol = torch.full((), 0.0 if atol is not None else torch.finfo(a.dtype).eps * height, dtype=torch.float64)
    limit = rtol.double()[..., None, None] * values.amax(-1, keepdim=True)
    if atol is not None:
        limit = torch.maximum(limit, atol.double()[..., None, None])
    kept = values > limit
    weights = torch.where(kept, 1.0 / torch.where(kept, squares, torch.ones_like(squares)), torch.zeros_like(squares))
    found = (turns * weights) @ columns.transpose(-2, -1)
    return (found.transpose(-2, -1) if wide else found).to(a.dtype).clone()


def _orthogonal(x: Tensor, height: int) -> Tensor:
    """Rotate columns until their first ``height`` elements are orthogonal; disjoint pairs at once, by round robin."""
    width = x.shape[-1]
    players = [*range(width), *([None] if width % 2 else [])]
    # As many sweeps as the worst of 3,000 random matrices took, half of them with a condition number of 1e4, to be
    # within 1e-8 of what LAPACK gives.
    for _ in range(2 if width == 2 else max(4, width)):
        for _ in range(len(players) - 1):
            half = len(players) // 2
            pairs = [
                (p, q)
                for p, q in zip(players[:half], reversed(players[half:]), strict=True)
                if p is not None and q is not None
            ]
            if pairs:
                x = _rotated(x, height, [p for p, _ in pairs], [q for _, q in pairs])
            players = [players[0], players[-1], *players[1:-1]]
    return x


def _rotated(x: Tensor, height: int, first: list[int], second: list[int]) -> Tensor:
    import torch

    columns = [x.narrow(-1, i, 1) for i in range(x.shape[-1])]
    p, q = (torch.cat([columns[i] for i in chosen], -1) for chosen in (first, second))
    above_p, above_q = p.narrow(-2, 0, height), q.narrow(-2, 0, height)
    between = (above_p * above_q).sum(-2, keepdim=True)
    done = between == 0
    difference = (above_q * above_q).sum(-2, keepdim=True) - (above_p * above_p).sum(-2, keepdim=True)
    zeta = difference / (2 * torch.where(done, torch.ones_like(between), between))
    sign = torch.where(zeta < 0, -torch.ones_like(zeta), torch.ones_like(zeta))
    tangent = sign / (zeta.abs() + torch.sqrt(zeta * zeta + 1))
    tangent = torch.where(done, torch.zeros_like(tangent), tangent)
    cosine = 1 / torch.sqrt(tangent * tangent + 1)
    sine = cosine * tangent
    turned = torch.cat([cosine * p - sine * q, sine * p + cosine * q], -1)
    for place, i in enumerate([*first, *second]):
        columns[i] = turned.narrow(-1, place, 1)
    return torch.cat(columns, -1)
