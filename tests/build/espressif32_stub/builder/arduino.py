"""What a core's script does to the environment, with the host's compiler."""

import os

from SCons.Script import Import

Import("env")

stubs, core = os.environ["ARDUINO_STUBS"], env.BoardConfig().get("build.core")  # noqa: F821
env.Append(  # noqa: F821
    CPPPATH=[stubs, f"{stubs}/{core}"],
    CCFLAGS=["-Os", "-ffunction-sections", "-fdata-sections"],
    CFLAGS=["-std=gnu11"],
    CXXFLAGS=["-std=gnu++11"],
    LINKFLAGS=["-Wl,--gc-sections"],
    PIOBUILDFILES=[
        env.Object(f"$BUILD_DIR/core/{name}.o", f"{stubs}/{name}.cpp")  # noqa: F821
        for name in ("core", *([f"{core}/core"] if core != "plain" else []))
    ],
)
