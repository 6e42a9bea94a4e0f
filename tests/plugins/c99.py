"""Compile what leapp-c99 wrote."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.cpp.build import run

PEER = Path(__file__).with_name("c99_peer.c")
STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror")


def compiled_peer(bundle: Path, folder: Path) -> Path:
    """Return a program that steps the policy of a bundle of one node."""
    (source,) = bundle.glob(f"{bundle.name}.c")
    header = f'-DPOLICY_HEADER="{source.stem}.h"'
    program = folder / "peer"
    run(
        [
            "cc",
            *STRICT,
            header,
            "-I",
            str(bundle),
            str(PEER),
            str(object_file(bundle, folder)),
            "-lm",
            "-o",
            str(program),
        ]
    )
    return program


def object_file(bundle: Path, folder: Path) -> Path:
    """Return the compiled policy."""
    built = folder / "policy.o"
    run(["cc", *STRICT, "-c", str(bundle / f"{bundle.name}.c"), "-o", str(built)])
    return built


def needed(built: Path) -> set[str]:
    """Return the functions that an object file takes from elsewhere."""
    return {line.split()[-1] for line in run(["nm", "--undefined-only", str(built)]).splitlines() if line.strip()}


def size(built: Path) -> int:
    """Return how many bytes of code, constants and data an object file has."""
    said = run(["size", str(built)]).splitlines()[1]
    return int(said.split()[3])


def run_generated_test(bundle: Path, folder: Path) -> str:
    """Build and run the test program that is beside a policy, with CMake, and return what it says."""
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(policy LANGUAGES C)\nenable_testing()\n"
        f"set(CMAKE_BUILD_TYPE Release)\nset(LEAPP_C99_TESTS ON)\ninclude({bundle}/{bundle.name}.cmake)\n"
    )
    run(["cmake", "-S", str(folder), "-B", str(folder / "build")])
    run(["cmake", "--build", str(folder / "build")])
    done = subprocess.run(
        ["ctest", "--test-dir", str(folder / "build"), "--verbose"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return re.search(r"\d+ recorded steps.*", done.stdout)[0]
