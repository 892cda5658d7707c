"""The map file's parser, on pieces of real map files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow.boards import load_board
from tinyflow.build import map_file
from tinyflow.errors import ToolError

ARM = """\
Archive member included to satisfy reference by file (symbol)

libdigits.a(digits.c.obj)     main.c.obj (digits_model)

Discarded input sections

 .text          0x00000000       0x14 libdigits.a(unused.c.obj)
 .rodata.x      0x00000000     0x1000 libdigits.a(unused.c.obj)

Memory Configuration

Name             Origin             Length             Attributes
FLASH            0x00000000         0x00400000         xr
RAM              0x20000000         0x00400000         xrw
*default*        0x00000000         0xffffffff

Linker script and memory map

LOAD main.c.obj
LOAD libdigits.a

.text           0x00000000      0x208
 *(.vectors)
 .vectors       0x00000000       0xc0 start.c.obj
 *(.text .text.*)
 .text          0x000000c0        0x0 start.c.obj
 .text.digits_invoke
                0x000000c0       0x40 libdigits.a(digits.c.obj)
                0x000000c0                digits_invoke
 .text.main     0x00000100        0xa main.c.obj
                0x00000100                main
 *(.rodata .rodata.*)
 *fill*         0x0000010a        0x2
 .rodata.digits_0_weights
                0x0000010c       0xf8 libdigits.a(digits_weights.c.obj)
                0x00000208                . = ALIGN (0x8)
 *fill*         0x00000204        0x4

.ARM.exidx      0x00000208        0x8
 *(.ARM.exidx* .gnu.linkonce.armexidx.*)
 .ARM.exidx     0x00000208        0x8 /usr/lib/gcc/arm-none-eabi/libgcc.a(_divdi3.o)

.stack          0x20000000     0x2000
                0x20000000                tnf_stack_bottom = .
                0x20002000                . = (. + 0x2000)
 *fill*         0x20000000     0x2000
                0x20002000                tnf_stack_top = .

.data           0x20002000       0x14 load address 0x00000210
                0x20002000                tnf_data_start = .
 *(.data .data.*)
 .data.state    0x20002000       0x10 libdigits.a(digits.c.obj)
 .data.other    0x20002010        0x4 main.c.obj

.bss            0x20002014      0xa0c load address 0x20002014
 *(.bss .bss.*)
 .bss.session   0x20002014        0xc main.c.obj
 .bss.arena     0x20002020      0xa00 main.c.obj
 COMMON         0x20002a20        0x0 main.c.obj
                0x20002a20                end = .

/DISCARD/
 *(.comment)
OUTPUT(firmware.elf elf32-littlearm)

.debug_info     0x00000000      0x168
 .debug_info    0x00000000       0xb4 main.c.obj
 .debug_info    0x000000b4       0xb4 libdigits.a(digits.c.obj)
"""

RISCV = """\
Linker script and memory map

LOAD main.c.obj

.text           0x0000000080000000       0x5c
 *(.vectors)
 .vectors       0x0000000080000000       0x10 CMakeFiles/tnf_firmware.dir/src/start.c.obj
 .text.tnf_very_long_function_name
                0x0000000080000010       0x2c libkws.a(conv_2d_s8.c.obj)
                                         0x30 (size before relaxing)
 .srodata.cst8  0x000000008000003c        0x8 libkws.a(kws.c.obj)
 .rodata        0x0000000080000044       0x18 libkws.a(kws.c.obj)

.bss            0x0000000080402000       0x20 load address 0x000000008000005c
 .sbss          0x0000000080402000        0x4 libkws.a(kws.c.obj)
 .sbss.arena    0x0000000080402008        0x8 main.c.obj
 *fill*         0x0000000080402010       0x10
"""

HOST = """\
Linker script and memory map

.interp         0x0000000000000318       0x1c
 *(.interp)
 .interp        0x0000000000000318       0x1c /usr/lib/x86_64-linux-gnu/Scrt1.o

.init_array     0x0000000000003dd0        0x8
                0x0000000000003dd0                PROVIDE (__init_array_start = .)
 .init_array    0x0000000000003dd0        0x8 /usr/lib/gcc/x86_64-linux-gnu/12/crtbeginS.o

.init           0x0000000000001000       0x17
 .init          0x0000000000001000       0x17 /usr/lib/x86_64-linux-gnu/crti.o

.text           0x0000000000001050      0x119
 .text.main     0x0000000000001050      0x119 libad.a(ad.c.o)

.data.rel.ro    0x0000000000003000       0x40
 .data.rel.ro.local.ad_model
                0x0000000000003000       0x40 libad.a(ad.c.o)

.bss            0x0000000000004020       0x20
 .bss           0x0000000000004020       0x20 main.c.o

.comment        0x0000000000000000       0x27
 .comment       0x0000000000000000       0x26 main.c.o
"""

XTENSA = """\
Linker script and memory map

.iram0.vectors  0x40080000      0x403
 .iram0.vectors 0x40080000      0x403 esp-idf/esp_system.a(vectors.S.obj)

.dram0.data     0x3ffb0000       0x20
 .data.x        0x3ffb0000       0x20 libm.a(m.c.o)

.dram0.bss      0x3ffb0020       0x40
 .bss.arena     0x3ffb0020       0x40 src/main.c.o

.flash.rodata   0x3f400020       0x30
 .rodata.y      0x3f400020       0x30 libm.a(m.c.o)

.flash.text     0x400d0020       0x50
 .literal.m     0x400d0020       0x10 libm.a(m.c.o)
 .text.m        0x400d0030       0x40 libm.a(m.c.o)
"""


def read(text: str, tmp_path: Path) -> tuple[map_file.OutputSection, ...]:
    file = tmp_path / "firmware.map"
    file.write_text(text, encoding="utf-8")
    return map_file.read_map(file)


def test_arm(tmp_path: Path) -> None:
    sections = read(ARM, tmp_path)
    library = map_file.archive_sizes(sections, "libdigits.a")
    assert library == map_file.Sizes(code=0x40, rodata=0xF8, data=0x10, bss=0)
    assert (library.flash, library.ram) == (0x148, 0x10)
    assert map_file.arena_bytes(sections) == 0xA00
    # To the end of .data in flash and of .bss in RAM; debug information is not on the board.
    board = load_board("qemu-m4")
    assert map_file.whole_image(sections, board) == (0x210 + 0x14, 0x2A20)
    data = next(section for section in sections if section.name == ".data")
    assert (data.load_address, [piece.size for piece in data.inputs]) == (0x210, [0x10, 0x4])


def test_riscv(tmp_path: Path) -> None:
    sections = read(RISCV, tmp_path)
    library = map_file.archive_sizes(sections, "libkws.a")
    assert library == map_file.Sizes(code=0x2C, rodata=0x20, data=0, bss=4)
    assert map_file.arena_bytes(sections) == 8


def test_host_and_sdk_images_are_summed_by_name(tmp_path: Path) -> None:
    sections = read(HOST, tmp_path)
    sizes = map_file.image_sizes(sections)
    assert sizes == map_file.Sizes(code=0x130, rodata=0x5C, data=8, bss=0x20)
    assert map_file.whole_image(sections, load_board("native")) == (0x130 + 0x5C + 8, 0x28)
    library = map_file.archive_sizes(sections, "libad.a")
    assert (library.code, library.rodata, library.ram) == (0x119, 0x40, 0)

    sections = read(XTENSA, tmp_path)
    assert map_file.image_sizes(sections) == map_file.Sizes(
        code=0x453, rodata=0x30, data=0x20, bss=0x40
    )
    library = map_file.archive_sizes(sections, "libm.a")
    assert library == map_file.Sizes(code=0x50, rodata=0x30, data=0x20, bss=0)
    assert map_file.arena_bytes(sections) == 0x40


@pytest.mark.parametrize("text", ["", "Linker script and memory map\n", "not a map\n" * 50])
def test_what_is_no_map_file_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="is not a map file"):
        read(text, tmp_path)
    with pytest.raises(ToolError, match="cannot be read"):
        map_file.read_map(tmp_path / "missing.map")


def test_a_truncated_map_file_never_crashes(tmp_path: Path) -> None:
    begin = ARM.index("\n *(.vectors)")
    for end in range(begin, len(ARM), 7):
        assert read(ARM[:end], tmp_path)
