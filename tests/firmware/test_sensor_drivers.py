"""The drivers for ESP-IDF against simulated devices, behind stand-ins for the SDK.

A window is right when the device's samples are in it one after another: the devices count.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_board import WARNINGS
from numpy.typing import NDArray

from tinyflow import paths, process

FIRMWARE = paths.data_folder("firmware")
HERE = Path(__file__).parent
STUBS = HERE / "espidf_stubs"
DRIVERS = FIRMWARE / "sensor" / "drivers"
NO_SENSOR = 8
# fmt: off
COMPILERS = {
    "gcc": [],
    "arm-none-eabi-gcc": ["-mcpu=cortex-m4", "-mthumb"],
    "riscv64-unknown-elf-gcc": ["-ffreestanding", "-march=rv32imc", "-mabi=ilp32"],
}
# fmt: on


def config(folder: Path, channels: int, rate_hz: int, window: int, hop: int) -> list[str]:
    """Compiler flags, with a header like the generated one."""
    figures = {
        "CHANNELS": channels,
        "VALUE_BYTES": 2,
        "RATE_HZ": rate_hz,
        "WINDOW": window,
        "HOP": hop,
        **{f"PIN_{name}": at for at, name in enumerate(("SDA", "SCL", "SCK", "WS", "SD"), 21)},
    }
    lines = [f"#define TNF_SENSOR_{name} {value}" for name, value in figures.items()]
    (folder / "tnf_sensor_config.h").write_text("\n".join(lines) + "\n")
    places = (STUBS, folder, FIRMWARE / "include", HERE / "sensor_sim")
    return ["-std=c99", *WARNINGS, *(f"-I{place}" for place in places)]


class Simulation:
    """The driver on its simulated device."""

    def __init__(self, library: ctypes.CDLL, shape: tuple[int, int]) -> None:
        self.library = library
        self.start = library.sim_start
        self.stop = library.sim_stop
        self.run = library.sim_run
        self._shape = shape

    def number(self, name: str) -> int:
        return ctypes.c_uint32.in_dll(self.library, name).value

    def set(self, name: str, value: int) -> None:
        ctypes.c_uint32.in_dll(self.library, name).value = value

    @property
    def windows(self) -> NDArray[np.int16]:
        """The windows taken so far, int16 [N, window, channels]."""
        size = self._shape[0] * self._shape[1]
        taken = self.number("sim_windows_taken")
        values = (ctypes.c_int16 * (4096 * size)).in_dll(self.library, "sim_windows")
        rows = np.frombuffer(values, dtype=np.int16)[: taken * size]
        return rows.reshape(taken, *self._shape).copy()

    def check(self) -> NDArray[np.int16]:
        """Windows, every one of which must be without a gap in it."""
        windows = self.windows
        assert (np.diff(windows[:, :, 0], axis=1) == 1).all()
        return windows


Make = Callable[..., Simulation]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A driver with its simulated device; each is built once."""

    @functools.cache
    def build(name: str, channels: int, rate_hz: int, window: int, hop: int) -> Path:
        folder = tmp_path_factory.mktemp(name)
        flags = config(folder, channels, rate_hz, window, hop)
        flags += ["-O1", "-g", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
        flags += ["-shared", "-fPIC", "-Wno-missing-prototypes"]
        sources = [
            DRIVERS / "espidf" / f"{name}.c",
            FIRMWARE / "sensor" / "tnf_ring.c",
            HERE / "sensor_sim" / "sim.c",
            HERE / "sensor_sim" / f"{name}.c",
        ]
        library = folder / f"{name}.so"
        process.run(["gcc", *flags, *map(str, sources), "-o", str(library)], timeout=60)
        return library

    return build


@pytest.fixture
def make(built: Callable[..., Path], tmp_path: Path) -> Make:
    def load(name: str, channels: int, rate_hz: int, window: int, hop: int) -> Simulation:
        # A copy is loaded anew, with all its state.
        copy = shutil.copy(built(name, channels, rate_hz, window, hop), tmp_path)
        return Simulation(ctypes.CDLL(str(copy)), (window, channels))

    return load


@pytest.mark.parametrize("compiler", sorted(COMPILERS))
@pytest.mark.parametrize(
    ("name", "channels", "rate_hz"), [("mpu6050", 3, 100), ("inmp441", 1, 16000)]
)
def test_a_driver_compiles_without_a_warning(
    name: str, channels: int, rate_hz: int, compiler: str, tmp_path: Path
) -> None:
    flags = config(tmp_path, channels, rate_hz, 128, 64)
    source = DRIVERS / "espidf" / f"{name}.c"
    command = [compiler, *COMPILERS[compiler], *flags, "-Os", "-c", str(source)]
    process.run([*command, "-o", str(tmp_path / "driver.o")], timeout=60)


@pytest.mark.parametrize(
    ("name", "figures", "error"),
    [
        ("mpu6050", (1, 100), "three int16 values"),
        ("mpu6050", (3, 300), "divides 1 kHz"),
        ("inmp441", (2, 16000), "one int16 value"),
        ("inmp441", (1, 96000), "7.8 to 50 kHz"),
    ],
)
def test_what_a_sensor_cannot_do_does_not_compile(
    name: str, figures: tuple[int, int], error: str, tmp_path: Path
) -> None:
    flags = config(tmp_path, *figures, 128, 64)
    command = ["gcc", *flags, "-c", str(DRIVERS / "espidf" / f"{name}.c"), "-o", "/dev/null"]
    with pytest.raises(Exception, match=error):
        process.run(command, timeout=60)


# MPU-6050


@pytest.mark.parametrize(("rate_hz", "low_pass"), [(1000, 1), (100, 3), (4, 6)])
def test_the_accelerometer_samples_at_its_rate(make: Make, rate_hz: int, low_pass: int) -> None:
    sim = make("mpu6050", 3, rate_hz, 40, 10)
    assert sim.start() == 0
    sim.run(1000 * 100 // rate_hz + 200)
    windows = sim.check()
    assert (windows[:, :, 1] == -windows[:, :, 0]).all()
    assert (windows[:, :, 2] == 16384 - windows[:, :, 0]).all()
    assert list(np.diff(windows[:, 0, 0])) == [10] * (len(windows) - 1)
    assert 100 - 10 <= sim.library.sim_ring_written() <= 100 + rate_hz // 5 + 1
    assert sim.library.sim_gaps() == sim.library.sim_dropped() == 0
    registers = bytes((ctypes.c_uint8 * 128).in_dll(sim.library, "sim_registers"))
    assert registers[0x19] == 1000 // rate_hz - 1
    assert registers[0x1A] == low_pass
    assert registers[0x1C] == 0x00  # +-2 g
    assert registers[0x23] == 0x08  # the accelerometer alone goes into the FIFO
    assert registers[0x6A] == 0x40
    assert registers[0x6B] == 0x01
    assert (sim.number("sim_sda"), sim.number("sim_scl")) == (21, 22)
    assert sim.number("sim_scl_hz") == 400000
    sim.stop()


def test_a_fifo_that_overflows_leaves_a_gap_and_no_torn_window(make: Make) -> None:
    sim = make("mpu6050", 3, 1000, 40, 10)
    assert sim.start() == 0
    sim.run(300)
    before = len(sim.check())
    sim.set("sim_frozen_until_ms", sim.number("sim_now_ms") + 400)  # 170 samples fit
    sim.run(400)
    sim.run(300)
    windows = sim.check()
    assert sim.library.sim_gaps() == 1
    assert len(windows) > before + 10
    jumps = np.diff(windows[:, 0, 0])
    assert sorted(jumps)[-2] <= 20
    assert max(jumps) > 300
    assert (windows[:, :, 1] == -windows[:, :, 0]).all()  # the axes are not out of step
    sim.stop()


def test_an_accelerometer_that_is_pulled_out_comes_back(make: Make) -> None:
    sim = make("mpu6050", 3, 100, 8, 4)
    assert sim.start() == 0
    sim.run(500)
    before = len(sim.check())
    sim.set("sim_nacks", 4)  # this transfer, and three attempts at a second's distance
    sim.run(2500)
    assert len(sim.check()) == before
    sim.run(1500)
    windows = sim.check()
    assert len(windows) > before + 10
    assert sim.library.sim_gaps() >= 1
    sim.stop()


@pytest.mark.parametrize("nacks", [1, 2, 3, 5, 9])
def test_an_accelerometer_that_is_not_there_is_told(make: Make, nacks: int) -> None:
    sim = make("mpu6050", 3, 100, 8, 4)
    sim.set("sim_nacks", nacks)
    answers = [sim.start() for _ in range(nacks + 1)]
    assert answers == [NO_SENSOR] * nacks + [0]
    assert sim.number("sim_tasks") == 1
    sim.run(500)
    assert len(sim.check()) > 5
    sim.stop()


def test_another_chip_at_its_address_is_refused(make: Make) -> None:
    sim = make("mpu6050", 3, 100, 8, 4)
    ctypes.c_uint8.in_dll(sim.library, "sim_who").value = 0x70  # an MPU-6500
    assert sim.start() == NO_SENSOR


@pytest.mark.parametrize(("name", "figures"), [("mpu6050", (3, 500)), ("inmp441", (1, 8000))])
def test_nothing_comes_after_stop_and_a_start_begins_anew(
    make: Make, name: str, figures: tuple[int, int]
) -> None:
    sim = make(name, *figures, 32, 16)
    for _ in range(3):
        assert sim.start() == 0
        sim.run(1200)
        assert len(sim.check()) > 20
        sim.stop()
        written = sim.library.sim_ring_written()
        sim.run(500)
        assert sim.library.sim_ring_written() == written
    assert sim.number("sim_tasks") == 3


# INMP441


@pytest.mark.parametrize("rate_hz", [16000, 48000])
def test_the_microphone_gives_its_upper_sixteen_bits(make: Make, rate_hz: int) -> None:
    sim = make("inmp441", 1, rate_hz, 400, 160)
    assert sim.start() == 0
    sim.run(1000)
    windows = sim.check()
    assert windows[0, 0, 0] == 0  # what came in its first 2^18 cycles of SCK is not in it
    assert list(np.diff(windows[:, 0, 0])) == [160] * (len(windows) - 1)
    written = sim.library.sim_ring_written()
    assert rate_hz - 4096 - 2000 <= written <= rate_hz - 4096
    assert sim.library.sim_gaps() == sim.library.sim_dropped() == sim.number("sim_overflows") == 0
    assert [sim.number(f"sim_{pin}") for pin in ("sck", "ws", "sd")] == [23, 24, 25]
    sim.stop()
    assert sim.number("sim_channels") == 0


@pytest.mark.parametrize("frozen_ms", [100, 137, 150, 1000])
def test_words_that_dma_has_overwritten_leave_a_gap(make: Make, frozen_ms: int) -> None:
    sim = make("inmp441", 1, 16000, 400, 160)
    assert sim.start() == 0
    sim.run(600)
    before = len(sim.check())
    sim.set("sim_frozen_until_ms", sim.number("sim_now_ms") + frozen_ms)
    sim.run(frozen_ms + 300)
    assert sim.number("sim_overflows") > 0
    assert len(sim.check()) > before + 10
    assert sim.library.sim_gaps() >= 1
    sim.stop()


def test_a_microphone_without_a_clock_gives_gaps_and_no_windows(make: Make) -> None:
    sim = make("inmp441", 1, 16000, 400, 160)
    assert sim.start() == 0
    sim.run(600)
    before = len(sim.check())
    ctypes.c_bool.in_dll(sim.library, "sim_stuck").value = True
    sim.run(1000)
    assert sim.library.sim_gaps() > 3
    ctypes.c_bool.in_dll(sim.library, "sim_stuck").value = False
    sim.run(500)
    assert len(sim.check()) > before
    sim.stop()


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_microphone_that_cannot_be_opened_leaves_nothing_behind(make: Make, call: int) -> None:
    sim = make("inmp441", 1, 16000, 400, 160)
    sim.set("sim_fail_at", call)
    assert sim.start() == NO_SENSOR
    assert sim.number("sim_channels") == 0
    sim.set("sim_fail_at", 0)
    assert sim.start() == 0
    sim.run(500)
    assert len(sim.check()) > 5
    sim.stop()
