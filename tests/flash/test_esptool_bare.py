"""The bare-metal images of Espressif's chips, through their loaders into their flash."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rom_loader import SECTOR, Esp32
from rom_loader_c3 import Esp32c3
from serial_peer import Noise, SerialPeer

from tinyflow import build, compiler, generate
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import load_board
from tinyflow.errors import DeviceError
from tinyflow.flash import esptool

MODELS = Path(__file__).parents[1] / "models"
CHIPS: dict[str, type[Esp32]] = {"esp32": Esp32, "esp32c3": Esp32c3}
BOOT_OFFSETS = {"esp32": 0x1000, "esp32c3": 0}
CONSTANTS_OFFSET = 0x10000
Images = Callable[[str], FirmwareImage]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    @functools.cache
    def image(name: str) -> FirmwareImage:
        folder, board = tmp_path_factory.mktemp(name), load_board(name)
        model = compiler.compile_model(MODELS / "digits.tflite", folder=folder / "model")
        project = generate.write_project(folder / "project", model, board, "cmake")
        return build.build(project, board, folder / "image")

    return image


def write(name: str, image: FirmwareImage, port: str) -> None:
    with esptool.run(image, load_board(name).for_builder("cmake"), port):
        pass


def check(name: str, image: FirmwareImage, chip: Esp32) -> None:
    """Both files lie where ROM and start-up look for them, and nothing else was touched."""
    program, constants = (file.path.read_bytes() for file in image.images)
    written = set()
    for offset, content in ((BOOT_OFFSETS[name], program), (CONSTANTS_OFFSET, constants)):
        whole = content + b"\xff" * (-len(content) % SECTOR)
        assert chip.flash.read(offset, len(whole)) == whole
        written |= set(range(offset // SECTOR, (offset + len(whole)) // SECTOR))
    assert {sector for sector, times in enumerate(chip.flash.worn) if times} == written


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
@pytest.mark.parametrize("name", CHIPS)
def test_the_flash_holds_program_and_constants(name: str, stub: bool, images: Images) -> None:
    image, chip = images(name), CHIPS[name](stub=stub)
    with SerialPeer(chip, pty=True) as peer:
        write(name, image, peer.port)
    check(name, image, chip)
    assert chip.in_stub or not stub
    assert chip.commands.count("SPI_FLASH_MD5") == 2


def test_a_port_that_drops_bytes_ends_in_the_right_flash(images: Images) -> None:
    name = "esp32c3"
    image, chip = images(name), Esp32c3()
    noise = Noise(drop=0.001, seed=5, active=lambda: chip.baud > 115200)
    with SerialPeer(chip, pty=True, noise=noise) as peer:
        write(name, image, peer.port)
    assert noise.damaged > 0
    check(name, image, chip)


def test_the_image_of_one_chip_is_not_written_to_another(images: Images) -> None:
    chip = Esp32c3()
    image = replace(images("esp32"), board="esp32")
    with SerialPeer(chip) as peer, pytest.raises(DeviceError) as told:
        write("esp32", image, peer.port)
    assert told.value.what == f"the chip on {peer.port} is ESP32-C3, board esp32 has esp32"
    assert not any(chip.flash.worn)
