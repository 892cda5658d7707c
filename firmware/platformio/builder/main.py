"""Builds, measures and starts a firmware image; read by SCons.

The board's manifest says how: `build.prefix` stands before gcc, `build.cpu_flags` go to the
compiler, the assembler and the linker, `build.link_flags` to the linker, `build.ldscript` is the
project's linker script. `upload.command` starts the image; `{image}` in it is the ELF file and
`{port}` the TCP port of the console.
"""

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
prefix = board.get("build.prefix")
cpu_flags = board.get("build.cpu_flags")
link_flags = board.get("build.link_flags")
ldscript = board.get("build.ldscript", "")

env.Replace(
    AR=f"{prefix}ar",
    AS=f"{prefix}as",
    CC=f"{prefix}gcc",
    CXX=f"{prefix}g++",
    OBJCOPY=f"{prefix}objcopy",
    RANLIB=f"{prefix}ranlib",
    SIZETOOL=f"{prefix}size",
    ARFLAGS=["rcD"],
    RANLIBFLAGS=["-D"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    SIZEPROGREGEXP=r"^(?:\.text|\.rodata|\.data|\.ARM\.exidx)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.data|\.bss|\.stack)\s+(\d+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)

# Here and not in the project's build_flags: libraries must get the CPU's flags too.
env.Append(
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CCFLAGS=[
        *cpu_flags,
        # The same bytes wherever the project lies.
        f"-ffile-prefix-map={env.subst('$PROJECT_DIR')}=.",
        f"-ffile-prefix-map={env.subst('$BUILD_DIR')}=build",
    ],
    LINKFLAGS=[
        *cpu_flags,
        *link_flags,
        "-Wl,-Map=" + env.subst("$BUILD_DIR/${PROGNAME}.map"),
    ],
)
env.Append(ASFLAGS=env.get("CCFLAGS", [])[:])
if ldscript:
    # LDSCRIPT_PATH would do, were it not for paths with spaces.
    env.Replace(LDSCRIPT_PATH="")
    env.Append(LINKFLAGS=["-T", env.subst(f"$PROJECT_DIR/{ldscript}")])


def start(target, source, env):
    """Run the image in the foreground, until it is interrupted."""
    port = env.subst("$UPLOAD_PORT").rpartition(":")[2]
    command = [part.format(image=str(source[0]), port=port) for part in board.get("upload.command")]
    return env.Execute([command])


program = env.BuildProgram()

env.AddPlatformTarget(
    "size",
    program,
    env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE"),
    "Program Size",
    "Calculate program size",
)
env.AddPlatformTarget(
    "upload",
    program,
    [env.VerboseAction(start, "Starting $SOURCE")],
    "Start",
    "Start the image",
)

AlwaysBuild(env.Alias("buildprog", program))
Default(program)
