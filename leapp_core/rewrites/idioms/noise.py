"""Noise of a generator that is seeded in each step: it is the same each time, so it is drawn once."""

from __future__ import annotations

import ast

from leapp_core.rewrites.idioms.scope import Scope, blocks, statements

_DRAWS = ("torch.randn(", "torch.rand(", "torch.normal(")


class SeededNoise:
    """``g = torch.Generator().manual_seed(0); x = torch.randn(1, 3, generator=g)``."""

    title = "noise of a generator that is seeded in each step"

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """See :class:`~leapp_core.rewrites.idioms.scope.Rewriter`."""
        seeded: dict[str, tuple[list[ast.stmt], ast.Assign]] = {}
        for block in blocks(function):
            for line in list(block):
                if not isinstance(line, ast.Assign) or len(line.targets) != 1:
                    continue
                text, target = ast.unparse(line.value), ast.unparse(line.targets[0])
                if text.startswith("torch.Generator(") and ".manual_seed(" in text:
                    seeded[target] = block, line
                for name, (place, made) in seeded.items():
                    if text.startswith(_DRAWS) and f"generator={name}" in text:
                        drawn = text.replace(f"generator={name}", f"generator={ast.unparse(made.value)}")
                        kept = f"self.{scope.fresh('noise')}"
                        scope.adds.append(f"{kept} = {drawn}")
                        block[block.index(line)] = statements(f"{target} = {kept}")[0]
                        place.remove(made)
                        return True
        return False
