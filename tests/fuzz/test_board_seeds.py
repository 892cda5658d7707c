"""The seeds of the fuzzer of the device's side, without libFuzzer: each is answered after."""

from __future__ import annotations

from pathlib import Path

from board_seeds import seeds
from fake_board import SANITIZE, SENSOR_INCLUDE, SUPPORT, compile_c, sensor_sources

from tinyflow import process

HERE = Path(__file__).parent


def test_the_seeds_do_no_harm(tmp_path: Path) -> None:
    sources = [SUPPORT / name for name in ("fake_model.c", "memory_port.c", "virtual_board.c")]
    sources += [HERE / "fuzz_board.c", HERE / "replay_seeds.c", *sensor_sources()]
    program = compile_c(tmp_path / "replay", sources, [*SANITIZE, SENSOR_INCLUDE])
    files = [tmp_path / f"seed-{number}" for number in range(len(seeds()))]
    for file, seed in zip(files, seeds(), strict=True):
        file.write_bytes(seed)
    told = process.run([str(program), *map(str, files)], timeout=60).stdout
    assert told == f"{len(files)} replayed\n" and len(files) > 25
